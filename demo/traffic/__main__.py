"""Sends the traffic of a small shop through the official Python client, from several threads.

Run as `python demo/traffic --url URL`, in an environment that has the client (see requirements.txt). Everything
follows from the seed, except the ids that the cluster makes. A document has one writer at a time: which of two
concurrent writes to one document comes last isn't defined by the clients, so no replay could be held to it.
Prints one JSON object on stdout: how many requests were sent, and how many got which status.
"""
import argparse
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import schema
import searches
import writers
from counting import Tally, client


def arguments():
    parser = argparse.ArgumentParser(prog="traffic", description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=6, help="clients at once")
    parser.add_argument("--rounds", type=int, default=250, help="operations on documents, of each thread")
    return parser.parse_args()


def main():
    options = arguments()
    tally = Tally()
    plain = client(options.url, tally, options.threads, compress=False)
    compressed = client(options.url, tally, options.threads, compress=True)

    schema.create(plain)
    barrier = threading.Barrier(options.threads)
    ring = writers.Ring(options.threads)

    def work(number):
        try:
            # every third thread sends and accepts gzip
            es = compressed if number % 3 == 2 else plain
            writer = writers.Writer(es, number, options.seed, ring)
            writer.load()
            barrier.wait()
            writer.edit(options.rounds)
            searches.own_index(es, number, options.seed)
        except BaseException:
            barrier.abort()  # so that the others don't wait for this one
            ring.close()
            raise

    with ThreadPoolExecutor(options.threads) as pool:
        running = [pool.submit(work, number) for number in range(options.threads)]
    # the first failure is the cause; a broken barrier is only its consequence
    failures = [future.exception() for future in running if future.exception()]
    for failure in sorted(failures, key=lambda error: isinstance(error, (threading.BrokenBarrierError, writers.Closed))):
        raise failure
    searches.whole_shop(plain, compressed)
    json.dump(tally.summary(), sys.stdout)
    print()


if __name__ == "__main__":
    main()
