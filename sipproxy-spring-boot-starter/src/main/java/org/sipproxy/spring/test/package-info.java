/**
 * Phones for tests of a Spring Boot application, on its own proxy.
 *
 * <p>Start with {@link org.sipproxy.spring.test.SpringSipTest}, or add
 * {@link org.sipproxy.spring.test.AutoConfigureSipPhones} to a {@code @SpringBootTest}, and inject
 * {@link org.sipproxy.spring.test.SipPhones}. Needs {@code sipproxy-testkit} and Spring Boot's test starter.
 */
@NullMarked
package org.sipproxy.spring.test;

import org.jspecify.annotations.NullMarked;
