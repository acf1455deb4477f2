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
                "reference spends its core on commits alone. What the reference takes for one and a request over TLS that does "
                "nothing (the first row) make 34 µs together: a ratio of 0.47 at the most. 315,000 instructions a comment, where "
                "it was 438,000 before sessions and users were kept in memory: the I/O thread's 264,000 are the reading of the "
                "head (60,000), the token (50,000, most of it a SHA-256 that the processor has instructions for), JSON and its "
                "answer (30,000), sealing (20,000), TLS (20,000) and allocation within all of these (40,000); the commit thread's "
                "51,000 are RocksDB's memtable (19,000), the hash chain (12,000) and the batch, which merges about 30 comments as the "
                "reference's does"),
    "object-get": ("the sealing: nginx sends a file that lies open on its disk. With the bound above, what is left is two hops to "
                   "the disk pool (the row; the file with its first MiB), one copy so that four records leave in one call, and "
                   "the token"),
    "object-put": ("the digests: the ETag is an MD5, which no instruction helps, and the row keeps a SHA-256; with sealing they "
                   "are the bound above. 59 % of the daemon's time is OpenSSL's, 23 % the kernel's (the socket; making file, "
                   "directory and log durable), 10 % libc's: a piece is copied four times on its way from TLS to the sealed chunk"),
    "password": ("a sign-in is its hash, two RS256 signatures of 0.25 ms and a durable session; Argon2id fills 19 MiB each time, so "
                 "whatever else uses the machine's memory bandwidth takes more from a daemon with many threads than from a loop"),
    "lag": ("a batch counts until the secondary has it durably: one sync at the primary, one at the secondary, on the same disk here "
            "(its latency is in the table of the machine), while two regions and the load share the cores and 40 sign-ins a "
            "second alone take 0.9 of one for Argon2id"),
}
