package home;

import io.github.homeloadbalancer.cdk8s.Advertisement;
import io.github.homeloadbalancer.cdk8s.ExposeOptions;
import io.github.homeloadbalancer.cdk8s.HomeLoadBalancer;
import io.github.homeloadbalancer.cdk8s.HomeLoadBalancerCrds;
import io.github.homeloadbalancer.cdk8s.L2AdvertisementOptions;
import java.util.List;
import org.cdk8s.App;
import org.cdk8s.Chart;

/**
 * examples/home in Java: one household, one address. It makes the same manifests, byte for byte.
 *
 * <pre>cdk8s synth</pre>
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    App app = new App();

    // Definitions first: an API server knows address pools a moment after it was told about them.
    new HomeLoadBalancerCrds(new Chart(app, "home-crds"), "crds");

    Chart home = new Chart(app, "home");

    HomeLoadBalancer lb = HomeLoadBalancer.Builder.create(home, "lb")
        .crds(false)
        .addresses(List.of("93.5.22.100"))
        .poolName("workstation-ip-pool")
        .advertise(List.of(Advertisement.l2(L2AdvertisementOptions.builder().name("workstation-l2adv").build())))
        .build();

    // All of them share the address, because their ports differ.
    lb.expose(Applications.ingressController(home));
    lb.expose(Applications.jellyfin(home));
    lb.expose(Applications.gameServer(home), ExposeOptions.builder().addresses(List.of("93.5.22.100")).build());

    app.synth();
  }
}
