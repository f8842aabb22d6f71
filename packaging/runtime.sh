#!/bin/sh
# Puts what a machine without Java needs to run sipproxy into a directory: a Java runtime with the modules in use, the jar,
# and Netty's native library. The package and the container image are made from it.
#
#   packaging/runtime.sh sipproxy.jar DIRECTORY
#
# Needs the JDK of JAVA_HOME or PATH (17 or later), zip and unzip.
set -eu

jar=$1
out=$2
bin=${JAVA_HOME:+$JAVA_HOME/bin/}

# "jdeps --print-module-deps sipproxy.jar", without jdk.sctp, which only unused classes of the JAIN-SIP RI use. Besides:
# jdk.crypto.ec for TLS with elliptic curves, jdk.management for the statistics of the JVM, java.xml for a logback.xml.
modules=java.base,java.desktop,java.management,java.naming,java.net.http,java.security.jgss,java.sql,java.xml
modules=$modules,jdk.crypto.ec,jdk.httpserver,jdk.jfr,jdk.management,jdk.unsupported

rm -rf "$out"
mkdir -p "$out/native"
"${bin}jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress=2 --output "$out/runtime"
# Jdbi uses java.beans, which is in java.desktop; the libraries for windows, fonts and sound would depend on X11.
(cd "$out/runtime/lib" && rm -f libawt* libfontmanager.so libfreetype.so libjavajpeg.so libjawt.so libjsound.so liblcms.so \
    libmlib_image.so libsplashscreen.so)
"$out/runtime/bin/java" -Xshare:dump >/dev/null # class data, which halve the start

# Without the embedded PostgreSQL: a distribution's own PostgreSQL gets security updates, a copy in a package does not.
cp "$jar" "$out/sipproxy.jar"
zip -q -d "$out/sipproxy.jar" 'postgres-*.txz'
# Netty would unpack its library into /tmp at each start, where a hardened service cannot execute it.
unzip -q -j "$out/sipproxy.jar" "META-INF/native/*_$(uname -m | sed 's/aarch64/aarch_64/').so" -d "$out/native"
zip -q -d "$out/sipproxy.jar" 'META-INF/native/*.so'
