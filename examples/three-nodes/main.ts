/**
 * Three nodes, a range of addresses, and opinions: the two machines on cables answer before the one on WiFi, one address is kept for the ingress
 * controller, and Prometheus watches. `plan.md` beside the manifests says who would answer for what.
 *
 *     cdk8s synth
 *     kubectl apply --server-side -f dist/three-nodes-crds.k8s.yaml
 *     kubectl apply --server-side -f dist/three-nodes.k8s.yaml
 */
import { App, Chart, Duration } from 'cdk8s';
import { gameServer, ingressController, jellyfin } from '../home/applications';
import { Advertisement, HomeLoadBalancer, HomeLoadBalancerCrds, IpRange, Selector } from 'cdk8s-home-load-balancer';

const app = new App();
new HomeLoadBalancerCrds(new Chart(app, 'three-nodes-crds'), 'crds');
const home = new Chart(app, 'three-nodes');

const cable = { cable: 'yes' };

const lb = new HomeLoadBalancer(home, 'lb', {
  crds: false,
  ignoreExcludeLb: true, // all three are control-plane nodes
  heartbeatInterval: Duration.millis(200), // one of them is heard through the air
  excludeInterfaces: '^(docker|cni|flannel|veth|tailscale).*|^lo$',
  nodes: [
    { name: 'workstation', labels: cable },
    { name: 'workstation-2', labels: cable },
    { name: 'laptop' },
  ],
});

const announce = (name: string) => [Advertisement.l2({ name, preferredNodes: [{ selector: Selector.labels(cable) }] })];

const ingress = lb.addPool('ingress', {
  poolName: 'ingress', ranges: [IpRange.address('93.5.22.100')], autoAssign: false, advertise: announce('ingress'),
});
lb.addPool('lan', { poolName: 'lan', ranges: [IpRange.between('93.5.22.101', '93.5.22.110')], advertise: announce('lan') });

lb.expose(ingressController(home), { pool: ingress, preserveClientIp: true });
lb.expose(jellyfin(home));
lb.expose(gameServer(home), { addresses: ['93.5.22.105'] });

lb.addMonitoring({ labels: { release: 'kube-prometheus-stack' }, interval: Duration.seconds(30) });
lb.addNetworkPolicy();

app.synth();
lb.writePlan('plan.md');
