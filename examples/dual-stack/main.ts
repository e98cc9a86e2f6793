/**
 * Every application has an IPv4 address of the LAN and an IPv6 address of the home's own prefix. The cluster itself must be dual-stack; both addresses of
 * a Service come from one pool.
 *
 *     cdk8s synth
 *     kubectl apply --server-side -f dist/dual-stack-crds.k8s.yaml
 *     kubectl apply --server-side -f dist/dual-stack.k8s.yaml
 */
import { App, Chart } from 'cdk8s';
import { gameServer, ingressController, jellyfin } from '../home/applications';
import { AddressSharing, HomeLoadBalancer, HomeLoadBalancerCrds } from 'cdk8s-home-load-balancer';

const app = new App();
new HomeLoadBalancerCrds(new Chart(app, 'dual-stack-crds'), 'crds');
const home = new Chart(app, 'dual-stack');

const lb = new HomeLoadBalancer(home, 'lb', {
  crds: false,
  poolName: 'lan',
  addresses: ['93.5.22.100-93.5.22.110', 'fd00:93:5:22::100/120'],
});

// The two web applications share both addresses; their ports differ.
const web = { addresses: ['93.5.22.100', 'fd00:93:5:22::100'] };
lb.expose(ingressController(home), web);
lb.expose(jellyfin(home), web);
// Players come by IPv6 only, to an address of its own.
lb.expose(gameServer(home), { addresses: ['fd00:93:5:22::110'], sharing: AddressSharing.NEVER });

app.synth();
lb.writePlan('plan.md');
