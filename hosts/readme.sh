#!/bin/sh
# Completes the folder readme, where its test is: a host application with the first XML and the first program of README.md, copied
# as a reader copies them. Not in target, which mvn clean deletes before it reads the module.
set -eu
cd "$(dirname "$0")"

block() { # KIND
    awk -v start="\`\`\`$1" '$0 == "```" && inside { exit } inside { print } $0 == start { inside = 1 }' ../README.md
}

mkdir -p readme/src/main/java
block java > readme/src/main/java/EmbeddedProxy.java
{
    cat <<'POM'
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.sipproxy.hosts</groupId>
    <artifactId>hosts</artifactId>
    <version>0.1.0-SNAPSHOT</version>
  </parent>
  <artifactId>readme</artifactId>
POM
    block xml
    echo '</project>'
} > readme/pom.xml
