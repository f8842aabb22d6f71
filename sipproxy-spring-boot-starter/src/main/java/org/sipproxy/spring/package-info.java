/**
 * Spring Boot auto-configuration of a proxy, for Boot 3.5 and 4.
 *
 * <p>Design:
 *
 * <ul> <li>{@link org.sipproxy.spring.SipProxyAutoConfiguration} makes one {@link org.sipproxy.core.SipProxy} bean of
 * properties and beans. A {@code SipProxy} bean of the application replaces all of it, except what observes a proxy.
 * <li>A property has the name and the meaning of the option of the server ({@code docs/options.md}); a dot follows the
 * name of a group: {@code --nat-ping} is {@code sipproxy.nat.ping}. Each record of properties has the rules of its
 * section and applies them to a builder.
 * <li>The access list, the flood guard, NAT traversal, authentication and the credential store are beans, so that the
 * application can inject or replace them. Every {@link org.sipproxy.api.component.ProxyComponent} bean, stage and
 * listener is added in {@code @Order}. {@link org.sipproxy.spring.SipProxyCustomizer} reaches the rest of the builder.
 * <li>Problems are collected while these beans are made and thrown together when the proxy is built: a
 * {@link org.sipproxy.spring.InvalidSipPropertiesException} with the names of the properties, which a failure analyzer
 * prints with value, origin and remedy. Values of secrets are never part of it.
 * <li>{@code build()} runs when the bean is created and opens nothing. A {@code SmartLifecycle} after the web server
 * starts the proxy, so a context that fails never opens a port. It stops before the web server. A proxy starts once.
 * <li>Types that Boot 4 has moved are used in configuration classes of their own, which a condition on the class
 * guards; auto-configurations are ordered by name.
 * <li>{@code org.sipproxy.spring.test} has phones for tests of the application, on its own proxy. </ul>
 */
@NullMarked
package org.sipproxy.spring;

import org.jspecify.annotations.NullMarked;
