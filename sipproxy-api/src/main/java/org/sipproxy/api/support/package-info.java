/**
 * Helpers that the proxy and its components share.
 *
 * <p>{@link org.sipproxy.api.support.KeyedHash} is a keyed hash for texts that a component writes into messages and has
 * to recognize later, and for hash tables whose keys come from the network.
 *
 * <p>{@link org.sipproxy.api.support.LogPace} limits how often a line is logged that the network can provoke, and
 * {@link org.sipproxy.api.support.KeyedBursts} how often for each of many sources. Problems of a builder's options are collected by {@link org.sipproxy.api.config.OptionProblems}.
 *
 * <p>Does not cover signatures that must resist offline attacks: derive a key with
 * {@link org.sipproxy.api.component.ProxyRuntime#key} and use an HMAC of the JDK.
 */
@NullMarked
package org.sipproxy.api.support;

import org.jspecify.annotations.NullMarked;
