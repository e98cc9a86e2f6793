/**
 * A rack behind two routers. Public addresses are announced to both by BGP, so that they spread the traffic over all nodes; a dead router is noticed by
 * BFD within 0.3 s. The second router is the spare: its routes have a longer path and a lower preference. Addresses of the LAN stay with layer 2.
 *
 * The program of this version does not open BGP sessions yet; MetalLB's speakers do, from the same objects.
 *
 * The keys of the sessions are in Secrets that somebody else makes, of type `kubernetes.io/basic-auth`.
 *
 *     cdk8s synth
 *     kubectl apply --server-side -f dist/bgp-crds.k8s.yaml
 *     kubectl apply --server-side -f dist/bgp.k8s.yaml
 */
import { App, Chart, Duration } from 'cdk8s';
import { Secret } from 'cdk8s-plus-28';
import { ingressController, jellyfin } from '../home/applications';
import { Advertisement, Community, HomeLoadBalancer, HomeLoadBalancerCrds, IpRange, Selector } from 'cdk8s-home-load-balancer';

const app = new App();
new HomeLoadBalancerCrds(new Chart(app, 'bgp-crds'), 'crds');
const rack = new Chart(app, 'bgp');

const lb = new HomeLoadBalancer(rack, 'lb', {
  crds: false,
  poolName: 'lan',
  addresses: ['10.20.0.200-10.20.0.220'],
  nodes: ['rack-1', 'rack-2', 'rack-3'].map((name) => ({ name, labels: { 'example.com/uplink': 'yes' } })),
});

const fast = lb.addBfdProfile('fast', { profileName: 'fast', receiveInterval: Duration.millis(100), transmitInterval: Duration.millis(100) });
const session = {
  asn: 64512,
  localAsn: 64600,
  holdTime: Duration.seconds(30),
  bfdProfile: fast,
  gracefulRestart: true,
  nodeSelectors: [Selector.labels({ 'example.com/uplink': 'yes' })],
  passwordSecret: Secret.fromSecretName(rack, 'bgp-key', 'bgp-key'),
};
const first = lb.addBgpPeer('router-1', { ...session, peerName: 'router-1', address: '10.20.0.1' });
const spare = lb.addBgpPeer('router-2', { ...session, peerName: 'router-2', address: '10.20.0.2' });

const names = lb.addCommunityAliases('communities', {
  objectName: 'communities', aliases: { 'customer-route': Community.of(64512, 100), 'region-north': Community.large(64512, 1, 7) },
});
const communities = [names.community('customer-route'), names.community('region-north'), Community.NO_EXPORT];

const edge = lb.addPool('edge', {
  poolName: 'edge',
  ranges: [IpRange.cidr('203.0.113.8/29')],
  avoidBuggyIps: true,
  autoAssign: false,
  advertise: [
    Advertisement.bgp({ name: 'edge-first', peers: [first], communities }),
    Advertisement.bgp({ name: 'edge-spare', peers: [spare], communities, asPathPrepend: 3 }),
  ],
});

lb.expose(ingressController(rack), { pool: edge, preserveClientIp: true });
lb.expose(jellyfin(rack));

app.synth();
lb.writePlan('plan.md');
