"""Made-up documents. The same generator state gives the same document."""

WORDS = "running shoes red blue fox crème brûlée café jacket winter light heavy steel wooden lamp chair näive 東京 ☕".split()
TAGS = ["new", "sale", "outdoor", "kitchen", "gift"]
STATES = ["open", "paid", "sent"]


def product(random, sku):
    return {
        "sku": sku,
        "name": " ".join(random.choices(WORDS, k=5)),
        "price": random.randrange(100, 100_000) / 100,
        "stock": random.randrange(0, 500),
        "tags": sorted(random.sample(TAGS, 2)),
        "place": {"lat": round(random.uniform(-80, 80), 4), "lon": round(random.uniform(-170, 170), 4)},
        "offers": [{"from": date(random), "percent": random.randrange(5, 60)} for _ in range(random.randrange(3))],
    }


def order(random, customer):
    return {
        "customer": customer,
        "sku": f"sku-{random.randrange(1000):04}",
        "amount": random.randrange(1, 50_000) / 7,
        "state": random.choice(STATES),
        "at": date(random),
        "lines": [{"n": n, "note": None, "gift": random.random() < 0.2} for n in range(random.randrange(1, 4))],
    }


def customer(random, name):
    return {"email": f"{name.upper()}@Example.ORG", "visits": 0, "big": 2**53 + random.randrange(1000), "note": "a\n\"b\"\t\\ é"}


def date(random):
    return f"2026-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}T{random.randrange(24):02}:00:00.123Z"
