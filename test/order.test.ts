import { App, Chart, Yaml } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Advertisement, Community, IpRange, Selector } from '../src';
import { balancer } from './util';

/** A map of Go has no order: it arrives in another one at every run. */
function ordered<T>(map: Record<string, T>, backwards: boolean): Record<string, T> {
  const entries = Object.entries(map);
  return Object.fromEntries(backwards ? entries.reverse() : entries);
}

function manifestsAndPlan(backwards: boolean): string {
  const chart = new Chart(new App(), 'app');
  const labels = ordered({ zone: 'attic', cable: 'yes', a: 'b' }, backwards);
  const lb = balancer(chart, { addresses: ['10.0.0.1'], nodes: [{ name: 'node', labels }], advertise: [Advertisement.l2({ nodeSelectors: [Selector.labels(labels)] })] });
  lb.addPool('pool', { ranges: [IpRange.cidr('10.1.0.0/24')], labels, serviceSelectors: [Selector.labels(labels)] });
  lb.addCommunityAliases('names', { aliases: ordered({ b: Community.of(1, 2), a: Community.NO_EXPORT }, backwards) });
  lb.addMonitoring({ labels });
  lb.bind(new k8s.KubeService(chart, 'service', { metadata: { labels }, spec: { selector: labels, ports: [{ port: 80 }] } }));
  return `${Yaml.stringify(...chart.toJson())}\n${lb.plan()}`;
}

test('the order of labels and names, which not every language keeps, changes neither manifests nor plan', () => {
  expect(manifestsAndPlan(true)).toBe(manifestsAndPlan(false));
});
