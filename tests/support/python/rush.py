"""Load that does not wait for answers: sign-ins at a fixed rate, and state reads pipelined over kept connections.

Each runs in a process of its own, so that what watches the server meanwhile has an interpreter to itself."""

import asyncio
import json
import random
import time

from crowd import address, get, unverified

SIGN_IN_TARGET = "AWSCognitoIdentityProviderService.InitiateAuth"
BATCH = 50


def sign_in_request(client_id, username, password):
    body = json.dumps({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client_id,
                       "AuthParameters": {"USERNAME": username, "PASSWORD": password}}).encode()
    head = (f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
            f"X-Amz-Target: {SIGN_IN_TARGET}\r\nContent-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


async def connect(port, source):
    return await asyncio.open_connection("127.0.0.1", port, ssl=unverified(), server_hostname="localhost",
                                         local_addr=(source, 0))


async def read_answer(reader):
    """(status, headers in lower case)."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    await reader.readexactly(int(headers.get("content-length", "0")))
    return int(lines[0].split()[1]), headers


class SignIns:
    """Results are (seconds, status, has Retry-After), one for each request that was due."""

    def __init__(self, port, requests, addresses):
        self.port, self.requests, self.addresses = port, requests, addresses
        self.free, self.results, self.opened = [], [], 0

    async def one(self, request):
        begun = time.monotonic()
        if self.free:
            reader, writer = self.free.pop()
        else:
            self.opened += 1
            reader, writer = await connect(self.port, address(2000 + self.opened % self.addresses))
        writer.write(request)
        status, headers = await read_answer(reader)
        self.results.append((time.monotonic() - begun, status, "retry-after" in headers))
        if headers.get("connection") == "close":
            writer.close()
        else:
            self.free.append((reader, writer))

    async def at_rate(self, rate, seconds):
        running, begun = set(), time.monotonic()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            task = asyncio.create_task(self.one(random.choice(self.requests)))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    async def in_turn(self, lanes, seconds):
        """As fast as answers come, `lanes` at a time."""
        end = time.monotonic() + seconds

        async def lane(number):
            while time.monotonic() < end:
                number += lanes
                await self.one(self.requests[number % len(self.requests)])

        await asyncio.gather(*(lane(number) for number in range(lanes)))

    def close(self):
        for _, writer in self.free:
            writer.close()


def sign_ins_at_rate(port, requests, rate, seconds, addresses=64):
    async def run():
        load = SignIns(port, requests, addresses)
        await load.at_rate(rate, seconds)
        load.close()
        return load.results

    return asyncio.run(run())


def sign_ins_in_turn(port, requests, lanes, seconds, addresses=64):
    async def run():
        load = SignIns(port, requests, addresses)
        await load.in_turn(lanes, seconds)
        load.close()
        return load.results

    return asyncio.run(run())


def reads(port, path, connections, seconds):
    """Pipelined reads over kept connections, a batch at a time: (answers, longest seconds for a batch, other statuses)."""
    count, longest, others = 0, 0.0, []

    async def lane(number, end):
        nonlocal count, longest
        reader, writer = await connect(port, address(5000 + number))
        while time.monotonic() < end:
            begun = time.monotonic()
            writer.write(get(path) * BATCH)
            for _ in range(BATCH):
                status, _ = await read_answer(reader)
                if status != 200:
                    others.append(status)
            count += BATCH
            longest = max(longest, time.monotonic() - begun)
        writer.close()

    async def run():
        end = time.monotonic() + seconds
        await asyncio.gather(*(lane(number, end) for number in range(connections)))

    asyncio.run(run())
    return count, longest, others
