#!/bin/sh
# Makes the Debian package target/deb/sipproxy_VERSION_ARCHITECTURE.deb from sipproxy-server/target/sipproxy.jar, with a
# Java runtime, the systemd unit, the manual page and the completion of bash.
#
#   make deb
#
# Needs a JDK (17 or later), binutils, dpkg-dev, file, man-db, zip and unzip. It does not use jpackage, whose packages put everything into
# /opt and cannot have configuration files, a manual page or a unit elsewhere; jlink makes the same runtime.
set -eu

cd "$(dirname "$0")/.."
jar=sipproxy-server/target/sipproxy.jar
work=target/deb
root=$work/root
[ -f "$jar" ] || { echo "$jar does not exist; run: make deb" >&2; exit 1; }
umask 022
rm -rf "$work"
mkdir -p "$root/DEBIAN"

version=$(unzip -p "$jar" META-INF/MANIFEST.MF | tr -d '\r' | sed -n 's/^Implementation-Version: //p' | sed 's/-/~/')
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-The sipproxy authors} <${DEBEMAIL:-sipproxy@localhost.localdomain}>"
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
export SOURCE_DATE_EPOCH

put() { # MODE SOURCE TARGET
    install -D -m "$1" "$2" "$root/$3"
}

packaging/runtime.sh "$jar" "$root/usr/lib/sipproxy"
find "$root" -type f \( -name '*.so' -o -path '*/runtime/bin/*' -o -name jexec -o -name jspawnhelper \) \
    -exec strip --strip-unneeded {} +
put 755 packaging/sipproxy usr/bin/sipproxy
put 640 packaging/sipproxy.conf etc/sipproxy/sipproxy.conf
put 644 packaging/sipproxy.default etc/default/sipproxy
put 644 packaging/systemd/sipproxy.service usr/lib/systemd/system/sipproxy.service

doc=usr/share/doc/sipproxy
java="$root/usr/lib/sipproxy/runtime/bin/java -jar $root/usr/lib/sipproxy/sipproxy.jar"
mkdir -p "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions" "$root/$doc/examples"
$java man > "$work/sipproxy.1"
warnings=$(MANROFFSEQ='' man --warnings -l "$work/sipproxy.1" 2>&1 >/dev/null)
[ -z "$warnings" ] || { echo "manual page: $warnings" >&2; exit 1; }
gzip -9n < "$work/sipproxy.1" > "$root/usr/share/man/man1/sipproxy.1.gz"
$java completion bash > "$work/completion"
sed 1d "$work/completion" > "$root/usr/share/bash-completion/completions/sipproxy"
$java config example > "$root/$doc/examples/sipproxy.conf"
put 644 packaging/systemd/ports-below-1024.conf $doc/examples/ports-below-1024.conf
put 644 packaging/debian/copyright $doc/copyright
for page in docs/*.md; do
    put 644 "$page" "$doc/$(basename "$page")"
done
{
    echo "sipproxy ($version) unstable; urgency=medium"
    printf '\n  * Package of this version; CHANGELOG.md of the sources has the changes.\n\n'
    echo " -- $maintainer  $(date -R -u -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n > "$root/$doc/changelog.gz"

for script in postinst prerm postrm; do
    put 755 packaging/debian/$script DEBIAN/$script
done
printf '/etc/sipproxy/sipproxy.conf\n/etc/default/sipproxy\n' > "$root/DEBIAN/conffiles"
chmod -R u=rwX,go=rX "$root/usr"
find "$root" -type d -exec chmod 755 {} +
chmod 750 "$root/etc/sipproxy"

# Libraries of the system that the runtime is linked with. It has its own copies of those of Java.
mkdir -p "$work/debian"
printf 'Source: sipproxy\n\nPackage: sipproxy\nArchitecture: any\n' > "$work/debian/control"
depends=$(cd "$work" && find root -type f \( -name '*.so' -o -path '*/bin/*' \) -exec file -F '' {} + \
    | sed -n 's/ *ELF .*//p' \
    | xargs dpkg-shlibdeps -O --ignore-missing-info -lroot/usr/lib/sipproxy/runtime/lib \
        -lroot/usr/lib/sipproxy/runtime/lib/server 2>/dev/null \
    | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "dpkg-shlibdeps found no libraries" >&2; exit 1; }

size=$(du -k -s --exclude DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@MAINTAINER@/$maintainer/; s/@SIZE@/$size/" \
    -e "s/@DEPENDS@/$depends/" packaging/debian/control.in > "$root/DEBIAN/control"
(cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) \
    > "$root/DEBIAN/md5sums"

dpkg-deb --root-owner-group -Zxz --build "$root" "$work/sipproxy_${version}_$architecture.deb"
