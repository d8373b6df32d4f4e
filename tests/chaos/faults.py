"""What goes wrong between processes, a database and a broker, and how it is put right again."""

import os
import threading

SECONDS_LONG = 2  # of what is put right again
NO_CLIENTS = ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
              "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")


class Faults:
    """Plays each of them once before any comes again, in an order by chance. What lasts ends by a
    timer, as callers may be waiting for just that."""

    def __init__(self, chance, postgres, to_postgres, rabbit, to_rabbit, disk):
        self.chance = chance
        self.postgres, self.rabbit, self.disk = postgres, rabbit, disk
        self.timers = []
        self.played = {}
        self.known = {
            "database cut": to_postgres.cut,
            "database stalled": lambda: self.stall(to_postgres),
            "database half-closed": lambda: to_postgres.half_close(chance),
            "database's replies lost": to_postgres.lose_replies,
            "database's sessions ended": lambda: postgres.psql("postgres", NO_CLIENTS),
            "database killed": self.kill_postgres,
        }
        if disk:
            self.known["database's disk full"] = self.fill_disk
        if rabbit:
            self.known |= {
                "broker cut": to_rabbit.cut,
                "broker stalled": lambda: self.stall(to_rabbit),
                "broker half-closed": lambda: to_rabbit.half_close(chance),
                "broker's replies lost": to_rabbit.lose_replies,
                "broker killed": self.kill_rabbit,
                "broker's disk full": self.alarm_rabbit,
            }
        self.left = []

    def all_played(self):
        return len(self.played) == len(self.known)

    def play_one(self):
        if not self.left:
            self.left = self.chance.sample(list(self.known), len(self.known))
        self.settle()  # one at a time: what is full is not killed as well
        name = self.left.pop()
        self.known[name]()
        self.played[name] = self.played.get(name, 0) + 1

    def settle(self):
        """Waits until everything is as it should be."""
        for timer in self.timers:
            timer.join()
        self.timers = []

    def later(self, put_right):
        timer = threading.Timer(SECONDS_LONG, put_right)
        timer.start()
        self.timers.append(timer)

    def stall(self, road):
        road.stall()
        self.later(road.go_on)

    def kill_postgres(self):
        self.postgres.kill()
        self.postgres.start()

    def kill_rabbit(self):
        self.rabbit.kill()
        self.rabbit.start()

    def alarm_rabbit(self):
        """As RabbitMQ does when little room is left: it takes nothing more, and says nothing."""
        self.rabbit.control("set_disk_free_limit", "1000GB")
        self.later(lambda: self.rabbit.control("set_disk_free_limit", "50MB"))

    def fill_disk(self):
        path = os.path.join(self.disk, "balloon")
        with open(path, "wb", buffering=0) as balloon:
            for block in (1 << 20, 1 << 12):
                try:
                    while True:
                        balloon.write(bytes(block))
                except OSError:
                    pass  # full, as it is meant to be
        self.later(lambda: self.make_room(path))

    def make_room(self, path):
        os.remove(path)
        self.postgres.start()  # it may have given up
