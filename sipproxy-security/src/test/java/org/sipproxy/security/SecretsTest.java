package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.testkit.DigestCredentials;

/** No text form of an object discloses its secret. */
class SecretsTest {

    private static final String SECRET = "correct horse battery staple";

    @Test
    void nothingShowsItsSecret() {
        byte[] key = SECRET.getBytes(StandardCharsets.UTF_8);
        String ha1 = DigestCredentials.ha1(DigestAlgorithm.SHA_256, "1002", "example.org", SECRET);
        Credential password = Credential.ofPassword("1001", "example.org", SECRET);
        Credential hashed = Credential.ofHa1("1002", "example.org", Map.of(DigestAlgorithm.SHA_256, ha1));
        InMemoryCredentials users = InMemoryCredentials.of(password, hashed);
        DigestAuthentication.Builder builder =
                DigestAuthentication.builder().credentials(users).secret(key);

        for (Object holder : List.of(
                password,
                hashed,
                users,
                builder,
                builder.build(),
                KeyedHash.of(key, "test"),
                new HashPool(List.of(key)))) {
            assertThat(holder.toString())
                    .as("%s", holder.getClass())
                    .doesNotContain(SECRET)
                    .doesNotContain(ha1)
                    .doesNotContain("636f7272") // its start in hex
                    .doesNotContain("Y29ycmVj"); // and in base64
        }
    }
}
