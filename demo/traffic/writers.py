"""Threads that write documents one by one and in bulk, and read back what they wrote."""
import queue
from random import Random

from elasticsearch import ConflictError, NotFoundError, helpers

import documents

PRODUCTS, ORDERS, CUSTOMERS = 150, 200, 60  # of each thread
BATON_EVERY = 10  # operations
WAIT_SECONDS = 60


class Closed(Exception):
    """Another thread failed."""


class Ring:
    """Hands a document from each thread to the next one, which may only then touch it: the order of the writes is
    given by the answers alone, across connections, and a replay has to keep it."""

    def __init__(self, threads):
        self._queues = [queue.Queue() for _ in range(threads)]

    def give(self, giver, document):
        self._queues[(giver + 1) % len(self._queues)].put(document)

    def take(self, taker):
        document = self._queues[taker].get(timeout=WAIT_SECONDS)
        if document is None:
            raise Closed
        return document

    def close(self):
        for waiting in self._queues:
            waiting.put(None)


class Writer:
    """One thread, with documents of its own."""

    def __init__(self, es, number, seed, ring):
        self.es, self.number, self.ring = es, number, ring
        self.random = Random(f"{seed} writer {number}")
        self.skus = [f"sku-{number}-{n:04}" for n in range(PRODUCTS)]
        self.customers = [f"c{number}/{n} ü" for n in range(CUSTOMERS)]  # ids that have to be escaped in a path
        self.orders = []  # (id, routing); the cluster makes the ids

    def load(self):
        """Bulks: with ids, without ids, with routing, and with items that fail beside others that don't."""
        random = self.random
        for start in range(0, PRODUCTS, 50):
            helpers.bulk(self.es, ({"_index": "products", "_id": sku, **documents.product(random, sku)} for sku in self.skus[start : start + 50]))
        for start in range(0, ORDERS, 40):
            lines = []
            names = [random.choice(self.customers) for _ in range(40)]
            for n, name in enumerate(names):
                lines += [{"create" if n % 2 else "index": {"routing": name}}, documents.order(random, name)]
            answer = self.es.bulk(lines, index="orders")
            self.orders += [(next(iter(item.values()))["_id"], name) for item, name in zip(answer["items"], names)]
        lines = []
        for name in self.customers:
            lines += [{"create": {"_index": "customers", "_id": name}}, documents.customer(random, f"c{self.number}")]
        self.es.bulk(lines)
        first = self.customers[0]
        self.es.bulk([
            {"create": {"_index": "customers", "_id": first}}, {"visits": -1},  # there already: 409
            {"update": {"_index": "customers", "_id": f"nobody-{self.number}"}}, {"doc": {"visits": 1}},  # 404
            {"index": {"_index": "customers", "_id": "broken" + first}}, {"visits": "not a number"},  # 400
            {"update": {"_index": "customers", "_id": first}}, {"script": {"source": "ctx._source.visits += params.n", "params": {"n": 3}}},
            {"delete": {"_index": "customers", "_id": f"nobody-{self.number}"}},
            {"index": {"_index": "orders", "routing": first}}, documents.order(random, first),
        ])

    def edit(self, rounds):
        actions = [
            self.change_product, self.sell, self.upsert_session, self.visit, self.place_order, self.pay, self.cancel, self.replace_product,
            self.refuse, self.read, self.read_many, self.log_metric,
        ]
        baton = f"baton-{self.number}"
        self.es.index("customers", {"path": [self.number], "email": "Baton@Example.ORG"}, id=baton)
        self.ring.give(self.number, baton)
        for n in range(rounds):
            self.random.choice(actions)()
            if n % BATON_EVERY == BATON_EVERY - 1:
                self.pass_on(self.ring.take(self.number))

    def pass_on(self, baton):
        path = self.es.get("customers", baton)["_source"]["path"]
        script = {"source": "ctx._source.path.add(params.me); ctx._source.last = params.last", "params": {"me": self.number, "last": path[-1]}}
        self.es.update("customers", baton, {"script": script})
        self.ring.give(self.number, baton)

    def change_product(self):
        self.es.update("shop", self.random.choice(self.skus), {"doc": {"price": self.random.randrange(100, 9999) / 100}}, _source="price")

    def sell(self):
        script = {
            "lang": "painless",
            "source": "if (ctx._source.stock < params.n) { ctx.op = 'none' } else { ctx._source.stock -= params.n; ctx._source.sold = (ctx._source.sold == null ? 0 : ctx._source.sold) + params.n }",
            "params": {"n": self.random.randrange(1, 200)},
        }
        self.es.update("products", self.random.choice(self.skus), {"script": script}, retry_on_conflict=3)

    def upsert_session(self):
        user = f"u{self.number}-{self.random.randrange(20)}"
        day = f"session-2026.11.{self.random.randrange(1, 4):02}"
        if self.random.random() < 0.5:
            body = {"script": {"source": "ctx._source.clicks = (ctx._source.clicks == null ? 0 : ctx._source.clicks) + 1"}, "upsert": {"user": user, "clicks": 1, "at": documents.date(self.random)}}
        else:
            body = {"doc": {"user": user, "seen": True}, "doc_as_upsert": True}
        self.es.update(day, user, body)

    def visit(self):
        body = {"scripted_upsert": True, "script": {"source": "ctx._source.visits = (ctx._source.visits == null ? 0 : ctx._source.visits) + 1"}, "upsert": {"email": "New@Example.ORG"}}
        self.es.update("customers", self.random.choice(self.customers + [f"late-{self.number}"]), body)

    def place_order(self):
        name = self.random.choice(self.customers)
        refresh = {"refresh": "true"} if self.random.random() < 0.1 else {}
        made = self.es.index("orders", documents.order(self.random, name), routing=name, **refresh)
        self.orders.append((made["_id"], name))

    def pay(self):
        order, name = self.random.choice(self.orders)
        try:
            seen = self.es.get("orders", order, routing=name)
            self.es.index("orders", {**seen["_source"], "state": "paid"}, id=order, routing=name)
        except NotFoundError:
            pass  # cancelled before

    def cancel(self):
        order, name = self.random.choice(self.orders)
        self.es.delete("orders", order, routing=name, ignore=404)

    def replace_product(self):
        sku = self.random.choice(self.skus)
        self.es.delete("products", sku, ignore=404)
        self.es.create("products", sku, documents.product(self.random, sku))

    def refuse(self):
        """Requests that the cluster refuses, and one that it takes because its condition holds."""
        sku = self.random.choice(self.skus)
        try:
            self.es.create("products", sku, {"sku": sku})
        except ConflictError:
            pass
        self.es.index("products", {"price": "dear"}, id="bad", ignore=400)
        self.es.update("products", f"nothing-{self.number}", {"doc": {}}, ignore=404)
        self.es.index("versions", {"by": self.number}, id=f"v{self.number}-{self.random.randrange(5)}", version=self.random.randrange(1, 90), version_type="external", ignore=409)

    def read(self):
        sku = self.random.choice(self.skus)
        self.es.exists("products", sku)
        self.es.exists("products", sku + "x")
        self.es.get("products", sku, _source_includes="price,stock", ignore=404)
        self.es.get_source("shop", sku, ignore=404)
        order, name = self.random.choice(self.orders)
        self.es.get("orders", order, routing=name, ignore=404)

    def read_many(self):
        self.es.mget({"ids": self.random.sample(self.skus, 5) + ["nothing"]}, index="products")
        chosen = self.random.sample(self.orders, 3)
        self.es.mget({"docs": [{"_index": "orders", "_id": order, "routing": name} for order, name in chosen]})

    def log_metric(self):
        self.es.index("metrics-web", {"host": f"h{self.number}", "load": self.random.random()})
        self.es.index("metrics-web", {"host": "h", "unknown": 1}, ignore=400)  # the mapping is strict
