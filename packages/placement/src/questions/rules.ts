import { shippedRules } from '../rules/shipped.ts';
import { ask, forbidding, host, kvm, lxc, preferring, requiring } from '../testing.ts';
import { lighter, type Question } from './question.ts';

const forbidLxc = forbidding('no-containers', 'w.project == "bank"', { backend: 'lxc' });
const requireLxc = requiring('containers-only', 'true', { backend: 'lxc' });
const requireKvm = requiring('machines-only', 'w.project == "bank"', { backend: 'kvm' });

/** What do the operator's rules say? */
export const ruleQuestions: readonly Question[] = [
  {
    says: 'a rule that forbids a backend leaves the other',
    hosts: [host('h1')],
    request: ask({ project: 'bank' }),
    rules: [...shippedRules, forbidLxc],
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the rule no-containers says so',
  },
  {
    says: 'a rule that does not hold says nothing',
    hosts: [host('h1')],
    request: ask({ project: 'blog' }),
    rules: [...shippedRules, forbidLxc],
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'a rule that forbids beats one that requires, and the contradiction is told',
    hosts: [host('h1')],
    request: ask({ project: 'bank' }),
    rules: [forbidLxc, requireLxc],
    reason:
      'wiki fits nowhere: the rules containers-only and no-containers contradict each other: together they leave no host and backend',
  },
  {
    says: 'two rules that require what cannot be had together are an explained failure',
    hosts: [host('h1'), host('h2')],
    request: ask({ project: 'bank' }),
    rules: [requireLxc, requireKvm],
    reason:
      'wiki fits nowhere: the rules containers-only and machines-only contradict each other: together they leave no host and backend',
  },
  {
    says: 'rules contradict each other only when they leave nothing, and a host that is down is something',
    hosts: [host('h1'), host('h2', { state: 'unreachable' })],
    request: ask(),
    rules: [
      forbidding('not-lxc-on-h1', 'h.name == "h1"', { backend: 'lxc' }),
      forbidding('not-kvm-on-h1', 'h.name == "h1"', { backend: 'kvm' }),
    ],
    reason: 'wiki fits nowhere: it would fit h2/kvm if h2 were up (h2 does not answer)',
    waitsFor: 'fits h2/kvm if h2 were up (h2 does not answer)',
  },
  {
    says: 'one rule that forbids everything is named alone',
    hosts: [host('h1')],
    request: ask(),
    rules: [forbidding('closed', 'true', { message: 'closed for the holidays' }), requireKvm],
    reason: 'wiki fits nowhere: on h1/kvm, closed for the holidays',
  },
  {
    says: 'a rule about a label that is not there counts as violated, and shows why',
    hosts: [host('h1', { drivers: [lxc] })],
    request: ask(),
    rules: [forbidding('gold', 'w.labels.tier == "gold"', { backend: 'lxc' })],
    reason:
      'wiki fits nowhere: on h1/lxc, the rule gold cannot be evaluated, so it counts as violated: No such key: tier',
  },
  {
    says: 'a rule about a label that is not there on one host counts as violated there only',
    hosts: [host('h1'), host('h2', { labels: { zone: 'a' }, images: [] })],
    request: ask(),
    rules: [...shippedRules, forbidding('zone-b', 'h.labels.zone == "b"')],
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
  {
    says: 'a rule that asks for the label with has() is no error',
    hosts: [host('h1')],
    request: ask(),
    rules: [...shippedRules, forbidding('gold', 'has(w.labels.tier) && w.labels.tier == "gold"')],
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'a rule that cannot be evaluated and only prefers keeps nothing away',
    hosts: [host('h1', { drivers: [lxc] })],
    request: ask(),
    rules: [preferring('gold', 'w.labels.tier == "gold"', 50, { backend: 'kvm' })],
    winner: 'h1/lxc',
    reason: 'runs as a container on h1: no other backend is there',
  },
  {
    says: 'a rule of an older release that cannot be read any more counts as violated',
    hosts: [host('h1', { drivers: [lxc] })],
    request: ask(),
    rules: [forbidding('old', 'w.flavour == "sweet"', { backend: 'lxc' })],
    reason:
      'wiki fits nowhere: on h1/lxc, the rule old cannot be evaluated, so it counts as violated: No such key: flavour',
  },
  {
    says: 'a preference decides between backends',
    hosts: [host('h1')],
    request: ask({ project: 'bank' }),
    rules: [
      ...shippedRules,
      preferring('bank-in-machines', 'w.project == "bank"', 60, {
        backend: 'kvm',
        message: 'the auditors like virtual machines',
      }),
    ],
    winner: 'h1/kvm',
    reason: 'runs as a virtual machine on h1: the auditors like virtual machines',
  },
  {
    says: 'a negative weight keeps workloads away from a backend, and says so',
    hosts: [host('h1')],
    request: ask({ project: 'bank' }),
    rules: [
      preferring('few-containers', 'w.project == "bank"', -60, {
        backend: 'lxc',
        message: 'the auditors dislike containers',
      }),
    ],
    winner: 'h1/kvm',
    reason:
      'runs as a virtual machine on h1: the rule few-containers keeps it away from lxc: the auditors dislike containers',
  },
  {
    says: 'a negative weight forbids nothing',
    hosts: [host('h1', { drivers: [lxc] })],
    request: ask(),
    rules: [preferring('few-containers', 'true', -1000, { backend: 'lxc' })],
    winner: 'h1/lxc',
    reason: 'runs as a container on h1: no other backend is there',
  },
  {
    says: 'a rule for one host keeps a project there',
    hosts: [host('h1'), host('h2', { images: [] })],
    request: ask({ project: 'bank' }),
    rules: [...shippedRules, requiring('bank-on-h2', 'w.project == "bank"', { host: 'h2' })],
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
  {
    says: 'a rule for a host that is down makes its workloads wait',
    hosts: [host('h1'), host('h2', { state: 'unreachable' })],
    request: ask({ project: 'bank' }),
    rules: [requiring('bank-on-h2', 'w.project == "bank"', { host: 'h2' })],
    reason: 'wiki fits nowhere: it would fit h2/kvm if h2 were up (h2 does not answer)',
    waitsFor: 'fits h2/kvm if h2 were up (h2 does not answer)',
  },
  {
    says: 'a rule for one driver of a backend leaves its others',
    hosts: [host('h1', { drivers: [kvm, { ...kvm, driver: 'kvm-old' }] })],
    request: ask(),
    rules: [forbidding('no-old', 'true', { driver: 'kvm' })],
    winner: 'h1/kvm-old',
    reason: 'runs as a virtual machine on h1: no other backend is there',
  },
  {
    says: 'a rule can ask how a driver accelerates',
    hosts: [
      host('h1', {
        drivers: [
          { ...kvm, capabilities: { ...kvm.capabilities, acceleration: { value: 'tcg', evidence: 'no /dev/kvm' } } },
        ],
      }),
      host('h2', { drivers: [kvm], images: [] }),
    ],
    request: ask(),
    rules: [forbidding('no-emulation', 'd.backend == "kvm" && d.acceleration != "kvm"')],
    winner: 'h2/kvm',
    reason: 'runs as a virtual machine on h2: no other backend is there',
  },
  {
    says: 'a rule can ask how full a host is',
    hosts: [host('h1', { memoryBytes: 2 ** 31 }), host('h2', { images: [] })],
    request: ask(),
    rules: [...shippedRules, forbidding('half-free', 'h.freeMemory - w.memory < h.memory * 9 / 10')],
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
];
