package org.sipproxy.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Test class in which each test has a registrar and proxy of its own, on free ports of 127.0.0.1:
 *
 * <pre>{@code
 * @SipProxyTest
 * class ReceptionTest {
 *   @Test
 *   void bobIsCalled(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob, Ladder ladder) {
 *     OutgoingCall call = alice.call("bob");
 *     bob.awaitCall().ring().answer();
 *     call.awaitAnswer().hangUp();
 *   }
 * }
 * }</pre>
 *
 * <p>Parameters of tests, {@code @BeforeEach} and {@code @AfterEach} methods may be a {@link Phone} with {@link
 * SipUser}, the {@link org.sipproxy.core.SipProxy}, the {@link org.sipproxy.core.trace.Ladder}, or the {@link
 * SipProxyExtension} that everything belongs to. A {@link ConfigureSipProxy} method adds options. The checks after a
 * test are those of {@link SipProxyExtension}.
 *
 * <p>Applies to nested classes, unless they have an annotation of their own, and may be a meta-annotation. Tests may
 * run concurrently. If the tests of a class are to share one proxy, register a {@link SipProxyExtension} in a static
 * field instead.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@ExtendWith(ProxyPerTest.class)
public @interface SipProxyTest {

    /** Returns the domain, which is also the digest realm. Default {@code sip.test}. */
    String domain() default "sip.test";

    /**
     * Returns users with their passwords, as {@code user:password}. They need an authentication, which a {@link
     * ConfigureSipProxy} method sets with {@link SipProxyExtension.Builder#authentication}. Default none: no password
     * is needed to register and call.
     */
    String[] users() default {};
}
