// Command home is examples/home in Go: one household, one address. It makes the same manifests, byte for byte.
//
//	go mod tidy
//	cdk8s synth
package main

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	"github.com/home-load-balancer/cdk8s-home-load-balancer-go/homeloadbalancer"
)

func main() {
	defer jsii.Close()

	app := cdk8s.NewApp(nil)

	// Definitions first: an API server knows address pools a moment after it was told about them.
	homeloadbalancer.NewHomeLoadBalancerCrds(cdk8s.NewChart(app, jsii.String("home-crds"), nil), jsii.String("crds"))

	home := cdk8s.NewChart(app, jsii.String("home"), nil)

	lb := homeloadbalancer.NewHomeLoadBalancer(home, jsii.String("lb"), &homeloadbalancer.HomeLoadBalancerProps{
		Crds:      jsii.Bool(false),
		Addresses: jsii.Strings("93.5.22.100"),
		PoolName:  jsii.String("workstation-ip-pool"),
		Advertise: &[]homeloadbalancer.Advertisement{
			homeloadbalancer.Advertisement_L2(&homeloadbalancer.L2AdvertisementOptions{Name: jsii.String("workstation-l2adv")}),
		},
	})

	// All of them share the address, because their ports differ.
	lb.Expose(ingressController(home), nil)
	lb.Expose(jellyfin(home), nil)
	lb.Expose(gameServer(home), &homeloadbalancer.ExposeOptions{Addresses: jsii.Strings("93.5.22.100")})

	app.Synth()
}
