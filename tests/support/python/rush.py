"""Load that does not wait for answers: sign-ins at a fixed rate, and state reads pipelined over kept connections.

Each runs in a process of its own, so that what watches the server meanwhile has an interpreter to itself."""

import asyncio
import json
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


class LoopLag:
    """How much later than due this process ran at worst: what a loaded machine adds to every time measured here."""

    def __init__(self):
        self.worst = 0.0

    async def run(self):
        while True:
            due = time.monotonic() + 0.02
            await asyncio.sleep(0.02)
            self.worst = max(self.worst, time.monotonic() - due)


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
            task = asyncio.create_task(self.one(self.requests[number % len(self.requests)]))
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


def measured(port, requests, addresses, run):
    """(results, worst lag of this process) of what `run` does with the load."""
    async def all_of_it():
        load, lag = SignIns(port, requests, addresses), LoopLag()
        meter = asyncio.create_task(lag.run())
        await run(load)
        meter.cancel()
        load.close()
        return load.results, lag.worst

    return asyncio.run(all_of_it())


def sign_ins_at_rate(port, requests, rate, seconds, addresses=64):
    return measured(port, requests, addresses, lambda load: load.at_rate(rate, seconds))


def sign_ins_in_turn(port, requests, lanes, seconds, addresses=64):
    return measured(port, requests, addresses, lambda load: load.in_turn(lanes, seconds))


def reads(port, path, connections, seconds):
    """Pipelined reads over kept connections, a batch at a time: (answers, longest seconds for a batch, worst lag).

    Every answer to `path` must be 200 and of one size: batches are read whole, so that the reader is not the slow one."""
    count, longest, lag = 0, 0.0, LoopLag()

    async def lane(number, end):
        nonlocal count, longest
        reader, writer = await connect(port, address(5000 + number))
        writer.write(get(path))
        head = await reader.readuntil(b"\r\n\r\n")
        size = len(head) + int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(size - len(head))
        while time.monotonic() < end:
            begun = time.monotonic()
            writer.write(get(path) * BATCH)
            answers = await reader.readexactly(size * BATCH)
            assert answers.count(b"HTTP/1.1 200 ") == BATCH, answers[:2000]
            count += BATCH
            longest = max(longest, time.monotonic() - begun)
        writer.close()

    async def run():
        end = time.monotonic() + seconds
        meter = asyncio.create_task(lag.run())
        await asyncio.gather(*(lane(number, end) for number in range(connections)))
        meter.cancel()

    asyncio.run(run())
    return count, longest, lag.worst
