package org.sipproxy.spring.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Adds a {@link SipPhones} bean to the context of a test. Each listening point of the application becomes a free port
 * of 127.0.0.1 with the same transport, so that tests need no port of their own. UDP is added if there is none.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface AutoConfigureSipPhones {}
