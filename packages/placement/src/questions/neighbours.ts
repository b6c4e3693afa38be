import { ask, host, kvm, lxc, placed } from '../testing.ts';
import { lighter, type Question } from './question.ts';

const zones = [
  host('h1', { labels: { zone: 'a' } }),
  host('h2', { labels: { zone: 'a' }, images: [] }),
  host('h3', { labels: { zone: 'b' }, images: [] }),
];
const replica = { app: 'db' };

/** Near to whom, and away from whom? */
export const neighbourQuestions: readonly Question[] = [
  {
    says: 'two replicas of a database are apart',
    hosts: [host('h1'), host('h2', { images: [] })],
    workloads: [placed('db-1', 'h1', { labels: replica })],
    request: ask({ labels: replica, placement: { away: [{ labels: replica, hard: true }] } }),
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
  {
    says: 'of three replicas on two hosts the third waits',
    hosts: [host('h1'), host('h2')],
    workloads: [placed('db-1', 'h1', { labels: replica }), placed('db-2', 'h2', { labels: replica })],
    request: ask({ labels: replica, placement: { away: [{ labels: replica, hard: true }] } }),
    reason:
      'wiki fits nowhere: it would fit h1/lxc if db-1 were elsewhere (it has to be away from workloads with app=db)',
    waitsFor: 'fits h1/lxc if db-1 were elsewhere (it has to be away from workloads with app=db)',
  },
  {
    says: 'of three replicas on two hosts the third goes somewhere when it only wishes to be away',
    hosts: [host('h1'), host('h2')],
    workloads: [placed('db-1', 'h1', { labels: replica }), placed('db-2', 'h2', { labels: replica })],
    request: ask({ labels: replica, placement: { away: [{ labels: replica }] } }),
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'away from another zone and not only from another host',
    hosts: zones,
    workloads: [placed('db-1', 'h1', { labels: replica })],
    request: ask({ placement: { away: [{ labels: replica, by: 'zone', hard: true }] } }),
    winner: 'h3/lxc',
    reason: `runs as a container on h3: ${lighter}`,
  },
  {
    says: 'a cache near to its database, whatever else speaks for another host',
    hosts: [host('h1'), host('h2', { images: [] })],
    workloads: [placed('db', 'h2')],
    request: ask({ placement: { near: [{ workload: 'db', hard: true }] } }),
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
  {
    says: 'near to a database on a host without containers is another backend, and says so',
    hosts: [host('h1', { drivers: [lxc] }), host('h2', { drivers: [kvm] })],
    workloads: [placed('db', 'h2', { driver: 'kvm' })],
    request: ask({ placement: { near: [{ workload: 'db', hard: true }] } }),
    winner: 'h2/kvm',
    reason: 'runs as a virtual machine on h2: it has to be near db, and db is not on h1',
  },
  {
    says: 'a wish to be near its database decides between hosts that are alike',
    hosts: [host('h1', { drivers: [lxc] }), host('h2', { drivers: [kvm] })],
    workloads: [placed('db', 'h2', { driver: 'kvm' })],
    request: ask({ placement: { near: [{ workload: 'db' }] } }),
    rules: [],
    winner: 'h2/kvm',
    reason: 'runs as a virtual machine on h2: it wants to be near db, and db is on h2',
  },
  {
    says: 'a wish to be away from the noisy one speaks for the other host, and says so',
    hosts: [host('h1', { drivers: [kvm] }), host('h2', { drivers: [lxc] })],
    workloads: [placed('noisy-1', 'h1'), placed('noisy-2', 'h1')].map((one) => ({ ...one, labels: { noisy: 'yes' } })),
    request: ask({ placement: { away: [{ labels: { noisy: 'yes' } }] } }),
    rules: [],
    winner: 'h2/lxc',
    reason:
      'runs as a container on h2: it wants to be away from workloads with noisy=yes, and noisy-1, noisy-2 are on h1',
  },
  {
    says: 'near to a database that is nowhere: it waits',
    hosts: [host('h1')],
    request: ask({ placement: { near: [{ workload: 'db', hard: true }] } }),
    reason: 'wiki fits nowhere: it would fit h1/lxc if db were there (it has to be near db, and db is not on h1)',
    waitsFor: 'fits h1/lxc if db were there (it has to be near db, and db is not on h1)',
  },
  {
    says: 'the first of a group that wants to be together has nobody to be near to',
    hosts: [host('h1')],
    request: ask({ labels: replica, placement: { near: [{ labels: replica, hard: true }] } }),
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'near its database is another host of the same zone as well',
    hosts: [zones[1], zones[2], host('h1', { labels: { zone: 'a' }, state: 'draining' })].flatMap((one) => one ?? []),
    workloads: [placed('db', 'h1')],
    request: ask({ placement: { near: [{ workload: 'db', by: 'zone', hard: true }] } }),
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
  {
    says: 'a host without the label is near to nobody',
    hosts: [host('h1', { state: 'draining' }), host('h2')],
    workloads: [placed('db', 'h1')],
    request: ask({ placement: { near: [{ workload: 'db', by: 'zone', hard: true }] } }),
    reason:
      'wiki fits nowhere: it would fit h2/lxc if db were there (it has to be near db, and db is not at h2, which has no label zone)',
    waitsFor: 'fits h2/lxc if db were there (it has to be near db, and db is not at h2, which has no label zone)',
  },
  {
    says: 'a label called constructor is a label like any other',
    hosts: [host('h1'), host('h2')],
    workloads: [placed('db', 'h1')],
    request: ask({ placement: { away: [{ workload: 'db', by: 'constructor', hard: true }] } }),
    winner: 'h1/lxc',
    reason: `runs as a container on h1: ${lighter}`,
  },
  {
    says: 'spread by a label goes where fewest of its kind are',
    hosts: [host('h1'), host('h2', { images: [] }), host('h3')],
    workloads: [placed('web-1', 'h1'), placed('web-2', 'h3')].map((one) => ({ ...one, labels: { app: 'web' } })),
    request: ask({ labels: { app: 'web' }, placement: { spreadBy: 'app' } }),
    winner: 'h2/lxc',
    reason: `runs as a container on h2: ${lighter}`,
  },
  {
    says: 'spread by a label speaks for the host without its kind, and says so',
    hosts: [host('h1', { drivers: [kvm] }), host('h2', { drivers: [lxc] })],
    workloads: [placed('web-1', 'h1', { labels: { app: 'web' } })],
    request: ask({ labels: { app: 'web' }, placement: { spreadBy: 'app' } }),
    rules: [],
    winner: 'h2/lxc',
    reason: 'runs as a container on h2: 1 workload with the same app is on h1',
  },
];
