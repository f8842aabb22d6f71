/** Phones, a NAT and a JUnit 5 extension, to test a SIP application against a real registrar and proxy in the same JVM. */
@NullMarked
package org.sipproxy.testkit;

import org.jspecify.annotations.NullMarked;
