package org.sipproxy.testkit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Method of a {@link SipProxyTest} class that adds options before the proxy of each test is built:
 *
 * <pre>{@code
 * private final MyStage stage = new MyStage();
 *
 * @ConfigureSipProxy
 * void configure(SipProxyExtension.Builder sip) {
 *   sip.configure(proxy -> proxy.beforeRouting(stage));
 * }
 * }</pre>
 *
 * <p>The method has one parameter, {@link SipProxyExtension.Builder}, and is not private. An instance method may use
 * the fields of the test. Methods of superclasses, interfaces and, for a nested class, enclosing classes are called
 * first. Called before the {@code @BeforeEach} methods.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface ConfigureSipProxy {}
