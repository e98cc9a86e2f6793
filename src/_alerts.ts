interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: 'warning' | 'critical' };
  readonly annotations: { readonly summary: string; readonly description: string };
}

/**
 * The alerts of MetalLB's chart, by their names, as far as the program has the metrics; and below them our own. A rule group is a list because the
 * operator wants it so.
 */
export function alertRules(): { name: string; rules: Alert[] }[] {
  return [
    {
      name: 'metallb.rules',
      rules: [
        alert('MetalLBStaleConfig', 'metallb_k8s_client_config_stale_bool == 1', '1m', 'warning',
          'a resource of the load balancer is refused',
          '{{ $labels.pod }} goes on with the last good version of what is wrong; `kubectl get configurationstates` says what that is'),
        alert('MetalLBConfigNotLoaded', 'metallb_k8s_client_config_loaded_bool == 0', '1m', 'warning',
          'the load balancer has no configuration', '{{ $labels.pod }} has not read its configuration; see its log'),
        alert('MetalLBAddressPoolExhausted', `${IN_USE} >= ${TOTAL}`, '1m', 'critical',
          'an address pool is used up', 'pool {{ $labels.pool }} has no address left for a further Service'),
        ...[[75, 'warning'] as const, [85, 'warning'] as const, [95, 'critical'] as const].map(([percent, severity]) =>
          alert(`MetalLBAddressPoolUsage${percent}Percent`, `(${IN_USE} / ${TOTAL}) * 100 > ${percent}`, undefined, severity,
            'an address pool is nearly used up', `more than ${percent} % of the addresses of pool {{ $labels.pool }} are in use`)),
      ],
    },
    {
      name: 'home-load-balancer.rules',
      rules: [
        alert('HomeLoadBalancerServicePending', 'sum by (reason) (hlb_services_pending) > 0', '5m', 'warning',
          'a Service waits for an address', '{{ $value }} Services have had no address for five minutes: {{ $labels.reason }}; their events say more'),
        alert('HomeLoadBalancerSpeakerSilent', 'hlb_authority == 0', '1m', 'warning',
          'a speaker may not answer', '{{ $labels.pod }} was stalled or hears none of its peers, so it leaves its addresses to others'),
        alert('HomeLoadBalancerInterfaceGivenUp', 'hlb_interface_given_up == 1', '1m', 'warning',
          'an interface takes no frames', 'the node of {{ $labels.pod }} can send nothing on {{ $labels.interface }}, though it is up, so other nodes answer for its addresses: '
            + 'a filter of the node drops them, or the driver hangs; the log of the speaker has the error'),
        alert('HomeLoadBalancerKernelAnswers', 'hlb_kernel_answers == 1', '2m', 'warning',
          'the kernel of a node answers for addresses of Services', 'the node of {{ $labels.pod }} answers on {{ $labels.interface }} for addresses that {{ $labels.on }} has, '
            + 'whichever node announces them: kube-proxy in IPVS mode without strictARP, or addresses that were left there; `kubectl describe node` says what to change'),
      ],
    },
  ];
}

const IN_USE = 'metallb_allocator_addresses_in_use_total';
const TOTAL = 'metallb_allocator_addresses_total';

function alert(name: string, expr: string, wait: string | undefined, severity: 'warning' | 'critical', summary: string, description: string): Alert {
  return { alert: name, expr, ...wait !== undefined && { for: wait }, labels: { severity }, annotations: { summary, description } };
}
