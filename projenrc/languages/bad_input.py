"""What somebody without a compiler may pass from Python: every call must end with an error that names the property, and say what it is to be."""
import sys

from cdk8s import App, Chart, Duration, Lazy
import cdk8s_home_load_balancer as hlb
from cdk8s_home_load_balancer import AddressPool, Advertisement, BgpPeer, HomeLoadBalancer, IpRange, PoolSharing, Selector

HUGE = "a" * 100_000
ranges = [IpRange.parse("10.0.0.1")]


def balancer(chart, **options):
    return HomeLoadBalancer(chart, "lb", crds=False, **{"addresses": ["10.0.0.1"], **options})


def pool(chart, **options):
    return AddressPool(chart, "pool", **{"ranges": ranges, **options})


def peer(chart, **options):
    return BgpPeer(chart, "peer", **{"address": "10.0.0.1", "asn": 64512, "local_asn": 64513, **options})


REFUSED = [
    (balancer, "addresses", ["10.0.0.1", 42, [], ["10.0.0"], ["１０.0.0.1"], [HUGE], {"a": "b"}]),
    (balancer, "namespace", [42, "", "Groß", HUGE, ["a"]]),
    (balancer, "image", [42, "", []]),
    (balancer, "heartbeat_port", ["7946", 0, 70_000, 0.5, 9120]),
    (balancer, "heartbeat_interval", [100, "100ms", Duration.days(10)]),
    (balancer, "log_level", ["loud", 7]),
    (balancer, "webhook_policy", ["Maybe"]),
    (pool, "ranges", ["10.0.0.1", [], ["10.0.0.1"], [None]]),
    (pool, "pool_name", [42, "", "My Pool", "🙂"]),
    (pool, "auto_assign", ["yes", "false"]),
    (pool, "priority", ["1", -1, 0.5]),
    (pool, "labels", ["a=b", {"-": "a"}, {"a": "ö"}, ["a"]]),
    (pool, "namespace_limit", [0, "5"]),
    (pool, "service_selectors", ["a=b", ["a=b"], [{"match_labels": {}}]]),
    (peer, "asn", [0, "64512", 2**33, -1]),
    (peer, "address", ["router", "10.0.0.1/32", 42, HUGE]),
    (peer, "hold_time", [90, "90s", Duration.seconds(2)]),
]
ACCEPTED = [
    (balancer, "addresses", [["10.0.0.1", "fd00::/120"]]),
    (pool, "sharing", [PoolSharing.AUTOMATIC, None]),
    (pool, "pool_name", [None, "lan"]),
    (pool, "advertise", [[], [Advertisement.l2(node_selectors=[Selector.hostnames("a")])]]),
    (peer, "hold_time", [Duration.seconds(90), None]),
]


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


failures = []
count = 0
for make, name, values in REFUSED:
    for value in values:
        count += 1
        shown = repr(value)[:40]
        try:
            make(Chart(App(), "test"), **{name: value})
            failures.append(f"{make.__name__} takes {name}={shown}")
        except Exception as error:  # whatever it is, it has to name the property
            text = str(error)
            if not (name in text or camel(name) in text) and not (name == "addresses" and "is not an IP range" in text):
                failures.append(f"{make.__name__} refuses {name}={shown} without its name: {text[:200]!r}")
for make, name, values in ACCEPTED:
    for value in values:
        count += 1
        make(Chart(App(), "test"), **{name: value})

print("\n".join(failures))
print(f"refused by name, or taken, as it should be: {count - len(failures)} of {count} values of all kinds")
sys.exit(1 if failures else 0)
