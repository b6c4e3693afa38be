import type { Rule } from '@innkeeper/model';

/** Rules that an installation begins with: ordinary ones, shown like any other, to be changed or switched off. */
export const shippedRules: readonly Rule[] = [
  {
    id: 'linux-as-container',
    when: 'w.os == "linux"',
    then: 'prefer',
    weight: 50,
    backend: 'lxc',
    message: 'a Linux service is lighter as a container: it starts at once and shares memory with the host',
  },
  {
    id: 'desktop-with-gpu-as-vm',
    when: 'w.os == "linux" && w.labels[?"kind"].orValue("") == "desktop" && size(w.devices) > 0',
    then: 'prefer',
    weight: 100,
    backend: 'kvm',
    message: 'a desktop with devices of its own runs better as a virtual machine: its drivers are its own',
  },
  {
    id: 'no-docker-in-containers',
    when: 'w.nested',
    then: 'forbid',
    backend: 'lxc',
    message:
      'containers inside a container are not allowed here; switch the rule no-docker-in-containers off to allow them',
  },
  {
    id: 'no-privileged-containers',
    when: 'w.privileged',
    then: 'forbid',
    backend: 'lxc',
    message: 'privileged containers are not allowed here; switch the rule no-privileged-containers off to allow them',
  },
];
