/**
 * What the tour shows: a line of the shell, and for programs that talk, what is typed after what they have printed.
 * @typedef {{ readonly after: RegExp, readonly type: string }} Answer
 * @typedef {string | { readonly run: string, readonly as?: string, readonly answers?: readonly Answer[], readonly patienceMs?: number }} Line
 * @typedef {{ readonly title: string, readonly lines: readonly Line[] }} Chapter
 */

const guests = /** @type {const} */ ([
  ['web', 'a container'],
  ['box', 'a virtual machine'],
]);

/** An emulated machine answers late in its boot. */
const whenReady = (/** @type {string} */ name) => ({
  run: `until inn exec -T ${name} -- true 2>/dev/null; do sleep 2; done; inn exec ${name} -- systemctl is-system-running`,
  as: `inn exec ${name} -- systemctl is-system-running`,
  patienceMs: 240_000,
});

const manifest = (/** @type {string} */ name, /** @type {string} */ fields) =>
  `printf 'workloads:\\n  ${name}: { image: debian/12, ${fields} }\\n' > lab.yaml`;

/** @returns {Chapter[]} */
const life = (/** @type {string} */ name, /** @type {string} */ kind) => [
  {
    title: `Life of ${kind}`,
    lines: [
      name === 'web'
        ? 'inn run debian/12 --name web --memory 256MiB'
        : 'inn run debian/12 --name box --memory 512MiB --isolation strong',
      whenReady(name),
      `inn pause ${name}`,
      `inn ls ${name === 'web' ? '' : '-o wide'}`.trim(),
      `inn resume ${name}`,
      `inn restart ${name}`,
      `inn stop ${name}`,
      `inn rename ${name} ${name}2`,
      `inn rename ${name}2 ${name}`,
      `inn start ${name}`,
    ],
  },
];

/** @returns {Chapter[]} */
const changes = (/** @type {string} */ name, /** @type {string} */ kind) => {
  const base = name === 'web' ? 'memory: 256MiB' : 'memory: 512MiB, isolation: strong';
  const more = name === 'web' ? 'memory: 384MiB' : 'memory: 640MiB, isolation: strong';
  return [
    {
      title: `Changes of ${kind} that runs`,
      lines: [
        manifest(
          name,
          `${more}, cpuWeight: 200, disk: 12GiB, networks: [{}, {}], volumes: [{ name: data, size: 1GiB }]`,
        ),
        'inn plan -f lab.yaml',
        'inn apply -f lab.yaml',
        'inn ls',
        `inn exec ${name} -- ip -brief -4 address`,
        manifest(name, `${base}, disk: -1`),
        'inn apply -f lab.yaml',
        ...(name === 'web' ? ['inn exec web -- dd if=/dev/zero of=/dev/shm/full bs=1M count=100 status=none'] : []),
        manifest(name, `${base.replace(/memory: \d+/, 'memory: 32')}, disk: 12GiB, networks: [{}, {}]`),
        'inn apply -f lab.yaml',
      ],
    },
  ];
};

/** @returns {Chapter[]} */
const inside = (/** @type {string} */ name, /** @type {string} */ kind) => [
  {
    title: `Inside ${kind}`,
    lines: [
      whenReady(name),
      `inn exec ${name} -- id -u`,
      `inn exec -u nobody -w /tmp -e COLOUR=blue ${name} -- sh -c 'id -un; pwd; echo $COLOUR'`,
      `inn exec ${name} -- sh -c 'exit 7'; echo $?`,
      `inn exec ${name} -- no-such-program; echo $?`,
      `echo from here | inn exec -T ${name} -- tr a-z A-Z`,
      {
        run: `inn shell ${name}`,
        answers: [
          { after: /root@/, type: 'hostname; tty; exit\r' },
          { after: /never/, type: '' },
        ],
      },
      `echo hello > note.txt; inn cp note.txt ${name}:/root/`,
      `inn cp ${name}:/root/note.txt - | cat`,
      `inn logs --journal -n 3 ${name}`,
      {
        run: `inn console ${name}`,
        answers: [
          { after: /console|detach|Ctrl/i, type: '\r' },
          { after: /login:/, type: '\x1d' },
        ],
      },
      `inn top --once ${name}`,
    ],
  },
];

/** @type {Chapter[]} */
export const chapters = [
  ...guests.flatMap(([name, kind]) => life(name, kind)),
  ...guests.flatMap(([name, kind]) => inside(name, kind)),
  {
    title: 'A screen and its keys',
    lines: [
      'inn run windows/11 --name desk --memory 4GiB',
      {
        run: 'sleep 20; inn screenshot desk desk.png && file desk.png',
        as: 'inn screenshot desk desk.png && file desk.png',
      },
      'inn keys desk esc ctrl-alt-del',
      'inn rm desk',
    ],
  },
  ...guests.flatMap(([name, kind]) => changes(name, kind)),
  {
    title: 'Snapshots, and going back',
    lines: [
      "inn exec web -- sh -c 'echo good > /etc/motd'",
      'inn snapshot create web before-upgrade -d "all is well"',
      "inn exec web -- sh -c 'echo broken > /etc/motd'",
      'inn snapshot ls web',
      'inn restore web before-upgrade',
      whenReady('web'),
      'inn exec web -- cat /etc/motd',
      'inn snapshot rm web before-upgrade',
    ],
  },
  {
    title: 'A container for one command',
    lines: [
      'echo from here | inn run --rm debian/12 --memory 256MiB -- tr a-z A-Z',
      "inn run --rm debian/12 --memory 256MiB -- sh -c 'exit 7'; echo $?",
      'inn ls',
      'inn image ls',
    ],
  },
  {
    title: 'The same containers, seen by others',
    lines: [
      {
        run: 'lxc-create --name old --template busybox > create.log 2>&1',
        as: 'lxc-create --name old --template busybox',
      },
      // A container that never ran is found by the next look at everything.
      { run: 'until inn ls | grep -q "^old "; do sleep 1; done; inn ls', as: 'inn ls', patienceMs: 90_000 },
      { run: 'virsh -q -c lxc:///system list --all 2> err.log', as: 'virsh -q -c lxc:///system list --all' },
      { run: 'virsh -q -c qemu:///system list --all 2> err.log', as: 'virsh -q -c qemu:///system list --all' },
      'lxc-ls --fancy',
      'inn stop old; echo $?',
      'lxc-destroy --name old',
      'inn stop box && inn exec box -- true; echo $?',
      'inn rm web box',
      'inn ls',
    ],
  },
];
