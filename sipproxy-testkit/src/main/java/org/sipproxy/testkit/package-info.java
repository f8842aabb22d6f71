/**
 * JUnit 5 extension with phones and NATs, for tests of a SIP application with a real registrar and proxy in the same
 * JVM.
 *
 * <p>Start reading at {@link org.sipproxy.testkit.SipProxyTest} or {@link org.sipproxy.testkit.SipProxyExtension}, then
 * {@link org.sipproxy.testkit.Phone}. {@link org.sipproxy.testkit.NatRouter} simulates a NAT, {@link
 * org.sipproxy.testkit.NetworkFaults} a bad network, {@link org.sipproxy.testkit.StreamRelay} connections that break, and {@link org.sipproxy.testkit.FakeDatabase} an outage of the
 * database. {@link org.sipproxy.testkit.TestClock} advances or stops time, and {@link org.sipproxy.core.trace.Ladder} records the
 * messages on the wire.
 *
 * <p>A call through the proxy, with a stage of the host application:
 *
 * <pre>{@code
 * Phone callee = sip.registeredPhone("1001");
 *
 * OutgoingCall calling = sip.phone("1002").call("1001");
 * IncomingCall called = callee.awaitCall().ring().answer();
 * calling.awaitAnswer().hangUp();
 * }</pre>
 *
 * <p>Does not send or receive media, and does not mock the proxy: all messages pass sockets of the loopback address.
 */
@NullMarked
package org.sipproxy.testkit;

import org.jspecify.annotations.NullMarked;
