"""Run as a script: threads count rows up in a database, say each row that is durable, and go on until killed or done."""

from __future__ import annotations

import os
import sys
from threading import Thread

from sqlalchemy import text

from kb.adapters.store.engine import open_engine, writing


def main() -> None:
    """Write with so many threads, each so many blocks; every seventh block raises and leaves nothing."""
    path, threads, blocks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    engine = open_engine(f"sqlite:///{path}")

    def work(first: int) -> None:
        for number in range(first, first + blocks):
            try:
                with writing(engine) as connection:
                    value = connection.execute(text("UPDATE counters SET value = value + 1 RETURNING value")).scalar_one()
                    connection.execute(text("INSERT INTO rows VALUES (:id, :writer)"), {"id": value, "writer": os.getpid()})
                    if number % 7 == 6:
                        raise LookupError
            except LookupError:
                continue
            os.write(1, f"{value}\n".encode())

    workers = [Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
