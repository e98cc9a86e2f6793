import { ControllerMetrics, Metrics, SpeakerMetrics } from '../../src/observability';

const COMMON = [
  'metallb_k8s_client_updates_total counter', 'metallb_k8s_client_update_errors_total counter',
  'metallb_k8s_client_config_loaded_bool gauge', 'metallb_k8s_client_config_stale_bool gauge',
];
const pool = ['addresses', 'ipv4_addresses', 'ipv6_addresses'].flatMap((what) => [`metallb_allocator_${what}_total gauge`, `metallb_allocator_${what}_in_use_total gauge`]);

/** MetalLB's dashboards and alerts look for these; those of BGP come with BGP. */
test.each<[string, Metrics, string[]]>([
  ['controller', new ControllerMetrics(), [...COMMON, ...pool, 'metallb_allocator_services_allocated_total gauge']],
  ['speaker', new SpeakerMetrics(), [
    ...COMMON, 'metallb_speaker_announced gauge', 'metallb_layer2_requests_received counter', 'metallb_layer2_responses_sent counter',
    'metallb_layer2_gratuitous_sent counter',
  ]],
])('the %s has the metrics of MetalLB', async (_, metrics, expected) => {
  const types = [...(await metrics.text()).matchAll(/^# TYPE (metallb_.*)$/gm)].map(([, text]) => text);
  expect(types.sort()).toEqual([...expected].sort());
});
