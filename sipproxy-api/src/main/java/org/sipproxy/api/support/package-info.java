/**
 * Helpers for authors of components, which the proxy uses too.
 *
 * <p>Start with {@link org.sipproxy.api.support.KeyedHash}, for texts that a component writes into messages and has to
 * recognize later, and for hash tables whose keys come from the network. {@link org.sipproxy.api.support.LogPace}
 * limits how often a line is logged that the network can provoke, {@link org.sipproxy.api.support.KeyedBursts} how
 * often for each of many sources. {@link org.sipproxy.api.config.OptionProblems} collects the problems of a builder's
 * options, and {@link org.sipproxy.message.IpLiteral} reads numeric hosts.
 *
 * <p>Does not cover signatures that must resist offline attacks: derive a key with
 * {@link org.sipproxy.api.component.ProxyRuntime#key} and use an HMAC of the JDK.
 */
@NullMarked
package org.sipproxy.api.support;

import org.jspecify.annotations.NullMarked;
