"""examples/home in Python: one household, one address. It makes the same manifests, byte for byte.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    cdk8s synth
"""
from cdk8s import App, Chart
from cdk8s_home_load_balancer import Advertisement, HomeLoadBalancer, HomeLoadBalancerCrds

from applications import game_server, ingress_controller, jellyfin

app = App()

# Definitions first: an API server knows address pools a moment after it was told about them.
HomeLoadBalancerCrds(Chart(app, "home-crds"), "crds")

home = Chart(app, "home")

lb = HomeLoadBalancer(
    home,
    "lb",
    crds=False,
    addresses=["93.5.22.100"],
    pool_name="workstation-ip-pool",
    advertise=[Advertisement.l2(name="workstation-l2adv")],
)

# All of them share the address, because their ports differ.
lb.expose(ingress_controller(home))
lb.expose(jellyfin(home))
lb.expose(game_server(home), addresses=["93.5.22.100"])

app.synth()
