import { firstPort } from './lab-host.ts';

/** A service of the guest that says who it is, started by whoever connects. */
export const serve = [
  'cd /etc/systemd/system',
  'printf "[Socket]\\nListenStream=80\\nAccept=yes\\n[Install]\\nWantedBy=sockets.target\\n" > hello.socket',
  'printf "[Service]\\nStandardInput=socket\\nExecStart=/bin/cat /etc/hostname\\n" > hello@.service',
  'systemctl daemon-reload && systemctl enable -q --now hello.socket',
].join(' && ');

/** What answers at a port of the host, at each of its addresses. */
const answersAt = (address: string): string =>
  `timeout 60 bash -c 'until { cat < /dev/tcp/${address}/8080; } 2>/dev/null | grep .; do sleep 2; done'`;
/** Of the port 8080 of the machine. */
export const published = { loopback: answersAt('127.0.0.1'), own: answersAt('$(hostname -I | cut -d" " -f1)') };

/** What Docker does to the rules of a host, and what takes it back. [docs.docker.com, packet filtering] */
export const docker = {
  comes: 'iptables -N DOCKER-USER && iptables -A FORWARD -j DOCKER-USER && iptables -P FORWARD DROP',
  goes: 'iptables -P FORWARD ACCEPT && iptables -D FORWARD -j DOCKER-USER && iptables -F DOCKER-USER && iptables -X DOCKER-USER',
};

/** From the guest to outside of the machine: to what answers on the machine that emulates it, this machine's own sshd. */
export const reachesOut = `timeout 40 inn exec -T wiki -- timeout 10 bash -c 'head -c 4 < /dev/tcp/10.0.2.2/${firstPort}'`;
