import { InnkeeperError, messageChain } from '@innkeeper/model';
import { describe, expect, it } from 'vitest';
import { classify, errorLines, virshFailure, virshKind } from './errors.ts';

/** Printed by virsh 9.0. */
const printed: readonly [kind: string, code: string, output: string][] = [
  [
    'exists',
    'conflict',
    "error: Failed to define domain from /dev/stdin\nerror: operation failed: domain 'x' already exists with uuid 4dea22b3-1d52-d8f3-2516-782e98ab3fa0\n",
  ],
  ['domain_missing', 'not_found', "error: failed to get domain '00000000-0000-0000-0000-000000000000'\n"],
  [
    'domain_missing',
    'not_found',
    "error: Domain not found: no domain with matching uuid '4dea22b3-1d52-d8f3-2516-782e98ab3fa0' (x)\n",
  ],
  [
    'network_missing',
    'not_found',
    "error: failed to get network '--help'\nerror: Network not found: no network with matching name '--help'\n",
  ],
  ['metadata_missing', 'not_found', 'error: metadata not found: Requested metadata element is not present\n'],
  [
    'exists',
    'conflict',
    "error: Failed to define domain from /dev/stdin\nerror: operation failed: domain 'x' is already defined with uuid 4dea22b3-1d52-d8f3-2516-782e98ab3fa0\n",
  ],
  ['already_running', 'conflict', 'error: Domain is already active\n'],
  [
    'not_running',
    'conflict',
    "error: Failed to destroy domain 'x'\nerror: Requested operation is not valid: domain is not running\n",
  ],
  [
    'not_running',
    'conflict',
    "error: Failed to suspend domain 'test'\nerror: internal error: domain 'test' not running\n",
  ],
  [
    'dhcp_exists',
    'conflict',
    "error: Failed to update network default\nerror: Requested operation is not valid: there is an existing dhcp host entry in network 'default' that matches \"<host mac='52:54:00:00:00:01' name='a' ip='192.168.122.3'/>\"\n",
  ],
  [
    'dhcp_missing',
    'not_found',
    "error: Failed to update network default\nerror: Requested operation is not valid: couldn't locate a matching dhcp host entry in network 'default'\n",
  ],
  [
    'network_inactive',
    'conflict',
    'error: Failed to update network default\nerror: Requested operation is not valid: network is not running\n',
  ],
  [
    'disconnected',
    'transient',
    "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory\n",
  ],
  [
    'disconnected',
    'transient',
    'error: Disconnected from qemu:///system due to end of file\nerror: internal error: client socket is closed\n',
  ],
  [
    'disconnected',
    'transient',
    'error: failed to connect to the hypervisor\nerror: Cannot recv data: ssh: connect to host h port 22: Connection refused: Connection reset by peer\n',
  ],
  [
    'no_driver',
    'unsupported',
    'error: failed to connect to the hypervisor\nerror: no connection driver available for foo:///system\n',
  ],
  [
    'other',
    'host_error',
    "error: failed to connect to the hypervisor\nerror: internal error: Unexpected LXC URI path '/systemx', try lxc:///system\n",
  ],
  [
    'unsupported',
    'unsupported',
    'error: failed to get emulator capabilities\nerror: this function is not supported by the connection driver: virConnectGetDomainCapabilities\n',
  ],
  [
    'guest_died',
    'host_error',
    "error: Failed to start domain 'x'\nerror: internal error: qemu unexpectedly closed the monitor: qemu: could not load kernel '/dev/null': No such file or directory\n",
  ],
  [
    'unsupported',
    'unsupported',
    "error: Failed to shutdown domain 'x'\nerror: argument unsupported: QEMU guest agent is not configured\n",
  ],
  [
    'not_persistent',
    'conflict',
    'error: Requested operation is not valid: transient domains do not have any persistent config\n',
  ],
];

/** Not brought about here: the wording is libvirt's, from its source and reports of others. */
const worded: readonly [kind: string, code: string, output: string][] = [
  [
    'refused',
    'host_error',
    "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied\n",
  ],
  [
    'timeout',
    'transient',
    'error: Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainCreate)\n',
  ],
  ['dying', 'transient', "error: Failed to destroy domain 'x'\nerror: internal error: Some processes refused to die\n"],
  [
    'dying',
    'transient',
    "error: Failed to destroy domain 'x'\nerror: Failed to read /sys/fs/cgroup/machine.slice/machine-lxc\\x2d545\\x2dx.scope/libvirt/cgroup.threads: No such device\n",
  ],
  [
    'dying',
    'transient',
    "error: Failed to destroy domain 'x'\nerror: Failed to terminate process 4242 with SIGKILL: Device or resource busy\n",
  ],
  [
    'dying',
    'transient',
    "error: Failed to destroy domain 'x'\nerror: Unable to read from '/sys/fs/cgroup/machine.slice/machine-lxc\\x2d3891\\x2dx.scope/libvirt/cgroup.controllers': No such file or directory\n",
  ],
  ['unsupported', 'unsupported', "error: command 'undefine' doesn't support option --tpm\n"],
  [
    'guest_died',
    'host_error',
    'error: Failed to start domain\nerror: internal error: process exited while connecting to monitor: qemu: could not open disk\n',
  ],
  ['guest_died', 'host_error', 'error: Unable to read from monitor: Connection reset by peer\n'],
  [
    'other',
    'host_error',
    "error: Failed to start domain 'x'\nerror: internal error: guest failed to start: Failure in libvirt_lxc startup\n",
  ],
  ['agent_silent', 'transient', 'error: Guest agent is not responding: QEMU guest agent is not connected\n'],
];

describe('what virsh prints', () => {
  it.each([...printed, ...worded])('is %s, %s: %s', (kind, code, output) => {
    expect(classify(output)).toEqual({ kind, code });
  });

  it('becomes an error that says what was tried, why it failed, and everything else only in the log', () => {
    const output =
      "error: Failed to destroy domain 'x'\nerror: Requested operation is not valid: domain is not running\n";
    const error = virshFailure('stop domain 4dea (qemu:///system)', output);
    expect(error).toBeInstanceOf(InnkeeperError);
    expect(messageChain(error)).toEqual([
      'Cannot stop domain 4dea (qemu:///system)',
      'Requested operation is not valid: domain is not running',
    ]);
    expect(error.detail).toBe(output.trim());
    expect(virshKind(error)).toBe('not_running');
  });

  it('may be nothing at all', () => {
    expect(messageChain(virshFailure('do it', ''))).toEqual(['Cannot do it', 'virsh gave no reason']);
  });

  it('has errors on lines of their own', () => {
    expect(errorLines('warning: x\nerror: a\n  error: no\nerror: b\n')).toEqual(['a', 'b']);
  });
});
