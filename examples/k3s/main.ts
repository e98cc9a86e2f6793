/**
 * k3s on one machine, which brings a load balancer of its own: ServiceLB gives every Service the address of the node. It keeps its hands off Services with
 * a class, so both live side by side: what is exposed here has an address of the LAN, and the rest goes on as before.
 *
 * (Without ServiceLB, `k3s server --disable servicelb`, it is `new HomeLoadBalancer()`: then all Services are served.)
 *
 *     cdk8s synth
 *     kubectl apply --server-side -f dist/k3s-crds.k8s.yaml
 *     kubectl apply --server-side -f dist/k3s.k8s.yaml
 */
import { App, Chart } from 'cdk8s';
import { gameServer, jellyfin } from '../home/applications';
import { Advertisement, HomeLoadBalancer, HomeLoadBalancerCrds } from 'cdk8s-home-load-balancer';

const app = new App();
new HomeLoadBalancerCrds(new Chart(app, 'k3s-crds'), 'crds');
const home = new Chart(app, 'k3s');

const lb = HomeLoadBalancer.besideServiceLb(home, 'lb', {
  crds: false,
  poolName: 'lan',
  addresses: ['93.5.22.100-93.5.22.103'],
  advertise: [Advertisement.l2({ name: 'lan' })],
  nodes: [{ name: 'workstation' }],
});

lb.expose(jellyfin(home), { addresses: ['93.5.22.100'] });
lb.expose(gameServer(home));

app.synth();
lb.writePlan('plan.md');
