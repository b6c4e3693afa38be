/** A definition as virt-manager and a user's editor leave it: other people's namespaces, comments and QEMU arguments. */
export const foreignVm = `<!--
WARNING: THIS IS AN AUTO-GENERATED FILE.
-->
<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' type='kvm' id='3'>
  <name>Old "web" &amp; mail</name>
  <uuid>0012e5aa-0000-4000-8000-000000000012</uuid>
  <title>1e5</title>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
      <libosinfo:os id="http://debian.org/debian/12"/>
    </libosinfo:libosinfo>
    <other:thing xmlns:other="urn:other">keep &lt;me&gt;</other:thing>
  </metadata>
  <memory unit='GiB'>4</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <loader readonly='yes' secure='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.ms.fd</loader>
    <nvram>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>
    <boot dev='hd'/>
    <boot dev='cdrom'/>
  </os>
  <on_reboot>restart</on_reboot>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='/var/lib/libvirt/images/web.qcow2'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'>
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='pool/image'/>
      <target dev='vdb' bus='virtio'/>
    </disk>
    <!-- the office's printer -->
    <hostdev mode='subsystem' type='usb' managed='yes'>
      <source><vendor id='0x46F4'/><product id='0x0001'/><address bus='1' device='4'/></source>
    </hostdev>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>
    </hostdev>
    <interface type='network'>
      <mac address='52:54:00:AA:bb:01'/>
      <source network='default' bridge='virbr0'/>
      <target dev='vnet3'/>
      <model type='virtio'/>
    </interface>
    <serial type='unix'>
      <source mode='bind' path='/run/serial.sock'/>
      <log file='/var/log/serial.log' append='on'/>
      <target port='0'/>
    </serial>
    <channel type='unix'>
      <source mode='bind' path='/run/agent.sock'/>
      <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>
    </channel>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
    <graphics type='vnc' port='-1' autoport='yes'><listen type='socket' socket='/run/vnc.sock'/></graphics>
    <graphics type='spice' port='5901'><listen type='address' address='127.0.0.1'/></graphics>
  </devices>
  <qemu:commandline>
    <qemu:arg value='-fw_cfg'/>
    <qemu:arg value='name=opt/x,string=a"b'/>
  </qemu:commandline>
  <somethingNew a="1"><deep/></somethingNew>
</domain>
`;

export const container = `<domain type='lxc'>
  <name>test-lv-box</name>
  <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>
  <memory>65536</memory>
  <idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>
  <os><type arch='x86_64'>exe</type><init>/sbin/init</init><initarg>--unit</initarg><initarg>multi-user.target</initarg></os>
  <devices>
    <filesystem type='mount' accessmode='passthrough'><source dir='/srv/box'/><target dir='/'/></filesystem>
    <filesystem type='ram'><source usage='64' units='MiB'/><target dir='/tmp'/><readonly/></filesystem>
    <interface type='network'>
      <source network='default'/><ip address='10.0.0.2' family='ipv4' prefix='24'/><ip address='fd00::2' family='ipv6'/>
    </interface>
    <hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>
    <console type='pty' tty='/dev/pts/3'/>
  </devices>
</domain>`;
