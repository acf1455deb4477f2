"""What limits a row that is below its goal, each found with a profile. Shown only while the row is below.

Shares are of `perf record -e cpu-clock` on the daemon under the row's own load, instructions of callgrind: one request
after the other on one kept connection, the I/O thread alone.
"""

READS = ("the kernel (sockets, waking up) is half of the daemon's time, and nginx pays as much of it; 14 % is OpenSSL's, 20 % "
         "Holdfast's and 9 % libc's (allocation, copies). 48,000 instructions a request (state: 57,000) against nginx's 31,000: "
         "two records of TLS take 17,000 on either side; the head is checked by our own strict rules and then parsed by Beast "
         "(10,000, of them 4,000 for a buffer that is cleared), malloc and free take 6,000; the state's row and the view of it "
         "are copied and written as JSON for each request (13,000); coroutine frames, routing and headers are the rest")

GRANTS = ("the signature and OpenSSL around it are 84 % of a grant, the kernel's sockets 7 %, Holdfast 6 %, libc 3 %. The goal "
          "leaves 43 µs around a signature, about two TLS requests that do nothing; each answer wakes a load that waits, which "
          "costs the kernel twice what it does in the rows of reads, and code that runs once in 0.3 ms finds its caches full of "
          "the signature's tables. `openssl speed` signs in a loop")

REFRESH = (GRANTS + ". A refresh has two signatures to pay for one request, and reads and opens five rows for them (sodium and "
           "RocksDB 4 %): user, credential, groups, session, what was revoked")

LIMITS = {
    "state": READS,
    "jwks": READS,
    "discovery": READS,
    "client-credentials": GRANTS,
    "refresh": REFRESH,
    "comment": ("processor time: one core runs requests and commits, so that a comment's time on it (above) bounds the rate; the "
                "reference spends its core on commits alone. The signature of a token that was seen before is not checked again "
                "(762,000 to 344,000 instructions); what is left is TLS, JSON, the session and user rows that each request "
                "reads anew, sealing and the commit"),
    "object-get": ("the sealing: nginx sends a file that lies open on its disk. With the bound above, what is left is a hop to "
                   "the disk pool, one copy so that four records leave in one call, and the token"),
    "object-put": ("the digests: the ETag is an MD5, which no instruction helps, and a blob is named by its SHA-256; with sealing "
                   "they are the bound above. 38 % of the daemon's time is OpenSSL's, 26 % the kernel's copy into the page cache "
                   "(each upload is a new file and the old version stays until it is collected, so its pages are new to the "
                   "machine; nginx writes over the same 64 files), the rest is mostly what makes file, directory and log durable"),
    "password": ("a sign-in is its hash, two RS256 signatures of 0.25 ms and a durable session; Argon2id fills 19 MiB each time, so "
                 "whatever else uses the machine's memory bandwidth takes more from a daemon with many threads than from a loop"),
    "lag": ("a batch counts until the secondary has it durably: one sync at the primary, one at the secondary, on the same disk here "
            "(its latency is in the table of the machine), while two regions and the load share the cores and 40 sign-ins a "
            "second alone take 0.9 of one for Argon2id"),
}
