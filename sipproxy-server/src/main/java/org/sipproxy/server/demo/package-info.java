/**
 * The demo of {@code sipproxy.jar}: a proxy with two phones and a database that shows each message, statement and row of
 * two registrations and a call.
 *
 * <p>Start reading at {@link org.sipproxy.server.demo.FirstRegistration}. {@code Explanations} is the text beside the
 * arrows of the ladder. The phones are in {@link org.sipproxy.server.phone}.
 */
@NullMarked
package org.sipproxy.server.demo;

import org.jspecify.annotations.NullMarked;
