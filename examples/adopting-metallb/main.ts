/**
 * A MetalLB is running, with a pool and an advertisement that somebody once wrote by hand. This app takes its place, in its namespace and under its names;
 * no address changes. `metallb.yaml` is what was written for MetalLB: it stays as it is, and synthesis checks it with everything else.
 *
 * docs/adopting-metallb.md explains the steps:
 *
 *     kubectl delete -n metallb-system deployment/controller daemonset/speaker
 *     kubectl delete validatingwebhookconfiguration metallb-webhook-configuration
 *     kubectl patch crd bgppeers.metallb.io --type=merge -p '{"spec":{"conversion":{"strategy":"None","webhook":null}}}'
 *     cdk8s synth
 *     kubectl apply --server-side --force-conflicts -f dist/adopting-metallb-crds.k8s.yaml
 *     kubectl apply --server-side --force-conflicts -f dist/adopting-metallb.k8s.yaml
 */
import { join } from 'path';
import { App, Chart, Include } from 'cdk8s';
import { AddressPool, HomeLoadBalancer, HomeLoadBalancerCrds } from 'cdk8s-home-load-balancer';

const app = new App();
new HomeLoadBalancerCrds(new Chart(app, 'adopting-metallb-crds'), 'crds');
const cluster = new Chart(app, 'adopting-metallb');

const lb = HomeLoadBalancer.inPlaceOfMetalLb(cluster, 'lb', { crds: false });

// Manifests in files, with the Services that use them.
const written = new Include(cluster, 'written', { url: join(__dirname, 'metallb.yaml') });

// A pool that is in the cluster, but in no file: a reference is enough to ask for its addresses. (`existingPools` above would do for the checks.)
const media = AddressPool.fromPoolName(cluster, 'media', 'media');
lb.bind(written.apiObjects.find(({ kind, name }) => kind === 'Service' && name === 'jellyfin')!, { pool: media });

app.synth();
lb.writePlan('plan.md');
