import { cdk8s, javascript, typescript } from 'projen';

const author = 'The HomeLoadBalancer authors', home = 'https://github.com/home-load-balancer';

/** What the library and the program have in common. */
const shared = {
  defaultReleaseBranch: 'main',
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.16.0',
  typescriptVersion: '~6.0.3',
  bumpPackage: 'commit-and-tag-version@^12', // 13 needs Node 22
  jestOptions: {
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    jestConfig: {
      testTimeout: 30_000, // so that a busy machine fails no test
      maxWorkers: '100%', // jest would leave one processor idle, of two
    },
  },
  license: 'Apache-2.0',
  copyrightOwner: author,
  github: false,
  depsUpgrade: false,
  sampleCode: false,
};

const library = new cdk8s.ConstructLibraryCdk8s({
  ...shared,
  jestOptions: {
    ...shared.jestOptions,
    jestConfig: { ...shared.jestOptions.jestConfig, globalSetup: '<rootDir>/test/setup.ts', globalTeardown: '<rootDir>/test/teardown.ts' },
  },
  author,
  authorAddress: home,
  authorOrganization: true,
  name: 'cdk8s-home-load-balancer',
  description: 'A load balancer for bare-metal Kubernetes, described in code: ARP, NDP and BGP, compatible with MetalLB',
  repositoryUrl: `${home}/cdk8s-home-load-balancer.git`,
  keywords: ['cdk8s', 'metallb', 'load-balancer', 'bare-metal', 'arp', 'bgp', 'homelab'],
  jsiiVersion: '~6.0.0',
  cdk8sVersion: '2.68.91',
  constructsVersion: '10.3.0',
  peerDeps: ['cdk8s-plus-28@^2.5.6'],
  devDeps: [
    'ajv@^8.17.1',
    'cdk8s-cli@^2.207.60',
    'cdk8s-plus-33@^2.5.57', // the newest one: `bind` takes Services of any
    'fast-check@^4.10.2',
    'ipaddr.js@^2.5.0',
    'json-schema-to-typescript@^16.0.0',
    'yaml@^2.9.1',
  ],
  publishToPypi: { distName: 'cdk8s-home-load-balancer', module: 'cdk8s_home_load_balancer' },
  publishToMaven: {
    javaPackage: 'io.github.homeloadbalancer.cdk8s',
    mavenGroupId: 'io.github.home-load-balancer',
    mavenArtifactId: 'cdk8s-home-load-balancer',
  },
  publishToGo: { moduleName: 'github.com/home-load-balancer/cdk8s-home-load-balancer-go', packageName: 'homeloadbalancer' },
  // Not HomeLoadBalancer: in C# a namespace of that name would hide the class.
  publishToNuget: { dotNetNamespace: 'Cdk8sHomeLoadBalancer', packageId: 'Cdk8sHomeLoadBalancer' },
  projenrcTs: true,
  projenrcTsOptions: { runner: typescript.TypeScriptRunner.tsx() },
  eslintOptions: { dirs: ['src'], devdirs: ['test', 'projenrc', 'lab', 'bench', 'examples'], ignorePatterns: ['src/imports/**'] },
  gitignore: [
    '.jsii.tabl.json', '/.cache/', '/test-reports/', '*.plan.md',
    '.venv/', '__pycache__/', '/examples/languages/*/dist/', '/examples/languages/java/target/', '/examples/languages/go/go.sum',
  ],
});
// Without this the lock file would name the registry that the packages came from.
library.npmrc.addConfig('omit-lockfile-registry-resolved', 'true');
library.package.addField('workspaces', ['speaker']);
// A list of what is published: .npmignore lists what is not, and forgets what is new.
library.package.addField('files', ['lib', 'crds', '.jsii', 'API.md']);
library.package.addPackageResolutions('unrs-resolver@1.12.2'); // else `npm ci` misses the builds of other platforms
library.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', 'true');

// A build needs no other language: `package-all` is for who publishes, and .NET is packaged as sources.
library.packageTask.reset();
library.packageTask.spawn(library.tasks.tryFind('package:js')!);
library.tasks.tryFind('package:dotnet')!.reset('jsii-pacmak -v --target dotnet --code-only');

// The generated classes of the custom resources (submodule `crds`) are documented by the resources; API.md is about ours.
library.tasks.tryFind('docgen')!.reset('jsii-docgen -o API.md --submodule root');
library.preCompileTask.exec('cdk8s import crds/metallb.io.yaml -l typescript -o src/imports --no-save --check-upgrade=false');
library.preCompileTask.exec('tsx projenrc/crd-types.ts');
library.postCompileTask.exec('jsii-rosetta extract --strict .'); // the examples of README and docstrings compile

const speaker = new typescript.TypeScriptProject({
  ...shared,
  authorName: author,
  authorUrl: home,
  authorOrganization: true,
  parent: library,
  outdir: 'speaker',
  name: 'home-load-balancer',
  description: 'The program that HomeLoadBalancer runs in a cluster: controller, speaker, and the hlb command line',
  package: false,
  // `npx home-load-balancer check …` runs the one that is named as the package; installed, it is `hlb`.
  bin: { 'home-load-balancer': 'dist/main.js', 'hlb': 'dist/main.js' },
  entrypoint: '',
  npmignoreEnabled: false,
  deps: ['@peculiar/x509@^2.2.0', 'commander@^14.0.0', 'ipaddr.js@^2.5.0', 'koffi@3.3.4', 'pino@^10.0.0', 'prom-client@^15.1.3', 'reflect-metadata@^0.2.2', 'yaml@^2.9.1'],
  devDeps: ['esbuild@^0.28.2', 'fast-check@^4.10.2'],
  eslintOptions: { dirs: ['src'], devdirs: ['test'], ignorePatterns: ['src/config/metallb.io.ts'] },
  tsconfig: { compilerOptions: { target: 'ES2022', lib: ['es2022'], rootDir: '..', noEmit: true, skipLibCheck: true } }, // esbuild emits; @peculiar/x509 has types of browsers
  tsconfigDev: { compilerOptions: { target: 'ES2022', lib: ['es2022'], isolatedModules: true, rootDir: '../..', skipLibCheck: true } },
  gitignore: ['/dist/'],
});
speaker.package.addField('files', ['dist/main.js', 'dist/certificate-maker.js']);
speaker.package.installTask.reset(); // the root installs for both
speaker.package.installCiTask.reset();
// What makes certificates is in a file of its own, which is read by who makes one.
const bundle = 'esbuild src/main.ts src/tls/certificate-maker.ts --bundle --platform=node --target=node20 --outdir=dist --entry-names=[name] --sourcemap=linked'
  + ' --external:*/certificate-maker'
  + ' --minify-whitespace --minify-syntax' // each thread keeps the source in memory; names stay, for stack traces
  + ' --alias:koffi=../node_modules/koffi/index.cjs --external:@koromix/*';
speaker.testTask.exec('tsc --noEmit -p test');
speaker.addTask('bundle', { description: 'Builds the program into one file', exec: bundle });
speaker.postCompileTask.spawn(speaker.tasks.tryFind('bundle')!);
speaker.postCompileTask.exec('node dist/main.js --version'); // jest does not see a bundle that dies at its start

/**
 * The rooms of the program and what each may import; `docs/architecture.md` has the reasons.
 * A room that is not listed as a target may be imported by nobody but the composition rooms.
 */
const rooms: Record<string, string[]> = {
  ip: [],
  sys: [],
  kube: [],
  tls: [],
  observability: ['tls'],
  config: ['ip'],
  wire: ['ip'],
  allocation: ['ip', 'config'],
  announcement: ['ip', 'config'],
  check: ['config', 'allocation'],
  lan: ['ip', 'wire'],
  bfd: ['wire'],
  bgp: ['sys', 'wire', 'ip', 'config'],
  dataplane: ['lan', 'bfd', 'sys', 'wire', 'ip'],
  role: ['kube', 'config', 'observability', 'tls'],
  admission: ['role', 'kube', 'config', 'observability', 'tls'],
  controller: ['admission', 'role', 'kube', 'config', 'allocation', 'observability', 'ip'],
  speaker: ['role', 'kube', 'config', 'allocation', 'announcement', 'bgp', 'dataplane', 'observability', 'ip', 'lan', 'wire', 'sys'],
};
speaker.eslint?.addRules({
  'import/no-restricted-paths': ['error', {
    zones: Object.entries(rooms).map(([room, allowed]) => ({
      target: `./src/${room}`,
      from: './src',
      except: [room, ...allowed].map((name) => `./${name}`),
      message: `src/${room} may import ${allowed.length ? allowed.join(', ') : 'no other room'}; see docs/architecture.md`,
    })),
  }],
});

for (const task of ['compile', 'post-compile', 'test']) {
  library.tasks.tryFind(task)!.exec(`npx projen ${task}`, { cwd: 'speaker' });
}
for (const folder of ['lab', 'bench', 'examples']) {
  library.testTask.exec(`tsc --noEmit -p ${folder}`);
}

library.addTask('demo', {
  description: 'Shows the reference home on a LAN of network namespaces, from synth to failover',
  steps: [{ exec: 'npx projen bundle', cwd: 'speaker' }, { exec: 'tsx lab/demo.ts', receiveArgs: true }],
});
library.addTask('e2e', {
  description: 'Tests everything together on a real API server and real packets (needs root)',
  steps: [{ exec: 'npx projen bundle', cwd: 'speaker' }, { exec: 'jest --config lab/jest.config.json --runInBand', receiveArgs: true }],
});
library.addTask('bench', {
  description: 'Measures: npm run bench -- arp | failover | memory | heartbeat | allocation | synth',
  steps: [{ exec: 'npx projen bundle', cwd: 'speaker' }, { exec: 'tsx bench/main.ts', receiveArgs: true }],
});
library.addTask('simulate', {
  description: 'Runs random scenarios of speakers on a virtual LAN: npm run simulate -- --seeds 1000, or --replay rough/both/17',
  steps: [
    { exec: 'esbuild test/simulation/main.ts --bundle --platform=node --outfile=dist/simulate.js --log-level=error', cwd: 'speaker' },
    { exec: 'node speaker/dist/simulate.js', receiveArgs: true },
  ],
});
library.addTask('image', {
  description: 'Writes the container image, for amd64 and arm64, as an OCI layout',
  steps: [{ exec: 'npx projen bundle', cwd: 'speaker' }, { exec: 'tsx projenrc/image.ts', receiveArgs: true }],
});
// Against the last tag, which is there without a registry, and before anything is published.
library.tasks.tryFind('compat')!.reset('jsii --silence-warnings=reserved-word');
library.tasks.tryFind('compat')!.exec('tsx projenrc/compat.ts');

library.addTask('languages', {
  description: 'Checks that Python, Java and Go make the manifests of TypeScript: npm run languages -- python | java | go | dotnet',
  steps: [{ exec: 'jsii --silence-warnings=reserved-word' }, { exec: 'tsx projenrc/languages.ts', receiveArgs: true }],
});

library.synth();
