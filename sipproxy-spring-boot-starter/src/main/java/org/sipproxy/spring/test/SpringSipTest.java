package org.sipproxy.spring.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.core.annotation.AliasFor;

/**
 * Test of a Spring Boot application with phones on its own proxy: a {@code @SpringBootTest} with
 * {@link AutoConfigureSipPhones}.
 *
 * <pre>{@code
 * @SpringSipTest
 * class ReceptionTest {
 *   @Test
 *   void aliceReachesBob(@Autowired SipPhones phones) {
 *     Phone bob = phones.registered("bob");
 *     OutgoingCall call = phones.phone("alice").call("bob");
 *     bob.awaitCall().ring().answer();
 *     call.awaitAnswer().hangUp();
 *   }
 * }
 * }</pre>
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@SpringBootTest
@AutoConfigureSipPhones
public @interface SpringSipTest {

    /** Returns properties of the test, as {@code name=value}. */
    @AliasFor(annotation = SpringBootTest.class, attribute = "properties")
    String[] properties() default {};

    /** Returns the component classes of the context. Default: those of the application. */
    @AliasFor(annotation = SpringBootTest.class, attribute = "classes")
    Class<?>[] classes() default {};

    /** Returns the web environment. Default: a mock one. */
    @AliasFor(annotation = SpringBootTest.class, attribute = "webEnvironment")
    SpringBootTest.WebEnvironment webEnvironment() default SpringBootTest.WebEnvironment.MOCK;
}
