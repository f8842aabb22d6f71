/**
 * Fakes of what a proxy passes to stages and components, for their unit tests without sockets and threads. A test with
 * a real proxy uses {@link org.sipproxy.testkit.SipProxyExtension} instead.
 *
 * <pre>{@code
 * FakeStageContext context = FakeStageContext.of(invite).from("198.51.100.7");
 * assertThat(new MyStage().handle(context)).isEqualTo(Verdict.respond(603));
 *
 * FakeHooks hooks = FakeHooks.of(new MyComponent(), new FakeRuntime(FakeStageContext.START));
 * hooks.send(context);
 * }</pre>
 *
 * <p>All fakes belong to a proxy for {@code example.org} at {@code 192.0.2.1:5060}. They follow the contracts of their
 * interfaces, and gain the methods that a later version adds to these. Not thread-safe.
 */
@NullMarked
package org.sipproxy.testkit.fakes;

import org.jspecify.annotations.NullMarked;
