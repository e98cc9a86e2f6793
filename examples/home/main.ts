/**
 * One household, one address. The router forwards ports 80 and 443 to 93.5.22.100, which no machine has and the DHCP server leaves alone.
 * Behind it: an ingress controller for everything on the web, Jellyfin for the television, and a game server. Today there is one node;
 * with a second one, the address moves there whenever the first one fails, without a change to this file.
 *
 *     cdk8s synth
 *     kubectl apply --server-side -f dist/home-crds.k8s.yaml
 *     kubectl apply --server-side -f dist/home.k8s.yaml
 */
import { App, Chart } from 'cdk8s';
import { gameServer, ingressController, jellyfin } from './applications';
import { Advertisement, HomeLoadBalancer, HomeLoadBalancerCrds } from 'cdk8s-home-load-balancer';

const app = new App();

// Definitions first: an API server knows address pools a moment after it was told about them.
new HomeLoadBalancerCrds(new Chart(app, 'home-crds'), 'crds');

const home = new Chart(app, 'home');

const lb = new HomeLoadBalancer(home, 'lb', {
  crds: false,
  addresses: ['93.5.22.100'],
  poolName: 'workstation-ip-pool',
  advertise: [Advertisement.l2({ name: 'workstation-l2adv' })],
});

// All of them share the address, because their ports differ.
lb.expose(ingressController(home));
lb.expose(jellyfin(home));
lb.expose(gameServer(home), { addresses: ['93.5.22.100'] });

app.synth();
