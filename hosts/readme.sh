#!/bin/sh
# Makes target/readme: a host application with the first XML and the first program of README.md, copied as a reader copies them.
set -eu
cd "$(dirname "$0")"

block() { # KIND
    awk -v start="\`\`\`$1" '$0 == "```" && inside { exit } inside { print } $0 == start { inside = 1 }' ../README.md
}

rm -rf target/readme
mkdir -p target/readme/src/main/java
block java > target/readme/src/main/java/EmbeddedProxy.java
{
    cat <<'POM'
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.sipproxy.hosts</groupId>
    <artifactId>hosts</artifactId>
    <version>0.1.0-SNAPSHOT</version>
    <relativePath>../../pom.xml</relativePath>
  </parent>
  <artifactId>readme</artifactId>
  <build>
    <testSourceDirectory>../../readme/src/test/java</testSourceDirectory>
  </build>
POM
    block xml
    echo '</project>'
} > target/readme/pom.xml
