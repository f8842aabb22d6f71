package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options for gateways, trunks, routes and calls, by {@code check}. */
class GatewayOptionsTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int check(String... more) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> args = new ArrayList<>(
                List.of("check", "--listen=udp:127.0.0.1:0", "--domain=sip.test", "--subscriber=1001:test1234"));
        args.addAll(List.of(more));
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), args.toArray(new String[0]));
    }

    // ---- gateways and routes

    @Test
    void setsAndRoutesAreSummedUp() {
        int status = check(
                "--gateway=pstn=sip:192.0.2.10:5080;transport=tcp;weight=50;duid=a",
                "--gateway=pstn=sip:192.0.2.11;weight=20;maxload=30;ping_from=sip:probe@sip.test",
                "--gateway=media=sip:192.0.2.20;obproxy=sip:192.0.2.9;transport=tcp",
                "--gateway-algorithm=pstn=weight",
                "--gateway-algorithm=10",
                "--gateway-probe=0",
                "--prefix-route=+49=pstn;strip=3;prepend=0",
                "--prefix-route=00=pstn",
                "--fallback-route=media",
                "--country-code=49");

        assertThat(err.toString()).isEmpty();
        assertThat(status).isZero();
        assertThat(out.toString())
                .contains("gateways  gateway set media: sip:192.0.2.20; least-calls, not probed; gets everything else")
                .contains("gateways  gateway set pstn: a sip:192.0.2.11; weight, not probed; gets +49 as 0, 00")
                .contains("gateways  called numbers: as in country 49, with + before routing");
    }

    @Test
    void allProblemsAreReportedTogetherWithTheOptionsAsTyped() {
        int status = check(
                "--gateway=pstn=sip:192.0.2.10;wieght=50",
                "--gateway=pstn=192.0.2.11",
                "--gateway=a b=sip:192.0.2.12",
                "--gateway=x=sip:192.0.2.13;weight=2000",
                "--gateway=y=sip:192.0.2.14",
                "--gateway-algorithm=other=weight",
                "--gateway-algorithm=fastest",
                "--gateway-trust=maybe",
                "--gateway-tries=11",
                "--gateway-down-after=many",
                "--gateway-probe=2h",
                "--gateway-accept=100",
                "--gateway-respond-within=1m",
                "--prefix-route=+49=pstn;strip=4",
                "--prefix-route=abc=x",
                "--prefix-route=7=pstn",
                "--prefix-route=7=x",
                "--fallback-route=nowhere",
                "--country-code=4x9");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "--gateway: \"pstn=sip:192.0.2.10;wieght=50\": \"wieght\" is not an attribute (duid, maxload,")
                .contains("--gateway: \"pstn=192.0.2.11\": URI without a scheme")
                .contains("--gateway: \"a b=sip:192.0.2.12\": \"a b\" is not a name")
                .contains("--gateway: \"x=sip:192.0.2.13;weight=2000\": weight: 2000 (expected 0 to 1,000)")
                .contains("--gateway-algorithm: \"other\" is not a set (")
                .contains("--gateway-algorithm: \"fastest\" (expected round-robin, weight, priority,")
                .contains("--gateway-trust: \"maybe\" (expected address, address-and-port or off)")
                .contains("--gateway-tries: 11 (expected 1 to 10)")
                .contains("--gateway-down-after: \"many\" is not an integer")
                .contains("--gateway-probe: 2h (expected 1s to 1h)")
                .contains("--gateway-accept: 100 (expected 300 to 699)")
                .contains("--gateway-respond-within: 1m (expected 100ms to 32s)")
                .contains("--prefix-route: \"+49=pstn;strip=4\": strip=4 (expected 0 to 3, the length of the prefix)")
                .contains("--prefix-route: \"abc=x\": \"abc\" is not the start of a number")
                .contains("--prefix-route: \"7=x\": 7 is given twice")
                .contains("--fallback-route: \"nowhere\" is not a set or trunk (")
                .contains("--country-code: \"4x9\": \"4x9\" (expected 1 to 3 digits, such as 49)");
        assertThat(err.toString().lines()).as("no consequential errors").hasSize(17);
    }

    @Test
    void aMemberOfASetIsGivenOnce() {
        assertThat(check("--gateway=pstn=sip:192.0.2.10", "--gateway=pstn=sip:192.0.2.10"))
                .isEqualTo(2);

        assertThat(err.toString()).contains("--gateway: pstn/sip:192.0.2.10 given twice");
    }

    @Test
    void withoutAuthenticationSomeoneMustBeTrustedToCallOut() {
        String[] routed = {"--gateway=pstn=sip:192.0.2.10", "--fallback-route=pstn", "--no-auth"};
        List<String> args = new ArrayList<>(List.of("check", "--listen=udp:127.0.0.1:0", "--domain=sip.test"));
        args.addAll(List.of(routed));
        assertThat(Launcher.execute(new PrintWriter(out), new PrintWriter(err), args.toArray(new String[0])))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--no-auth: only authenticated users and trusted peers may call out");

        args.add("--trust=192.0.2.0/24");
        assertThat(Launcher.execute(new PrintWriter(out), new PrintWriter(err), args.toArray(new String[0])))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pstn=sip:h;transport=tcp;weight=5|sip:h;transport=tcp",
                "pstn=sip:h;weight=5;transport=tcp|sip:h",
                "pstn = sip:u@h:5070 ; lr|sip:u@h:5070;lr"
            })
    void parametersBelongToTheUriOnTheirLeft(String text, String value) {
        if (text.contains("weight=5;transport")) {
            assertThat(AttributeText.parseUri(text, Set.of("weight")).all("weight"))
                    .containsExactly("5;transport=tcp");
        }
        assertThat(AttributeText.parseUri(text, Set.of("weight")).value()).isEqualTo(value);
    }

    // ---- trunks

    @Test
    void trunksAreSummedUpWithoutTheirPasswords(@TempDir Path folder) throws IOException {
        Path password = Files.writeString(folder.resolve("carrier.pw"), "s3cret\nsecond line\n");
        int status = check(
                "--trunk=carrier=sip:4930123@sip.carrier.test;password_file=" + password
                        + ";realm=carrier.test;auth_username=auth;auth_proxy=sip:192.0.2.20;transport=tcp;expires=10m;"
                        + "identity=p-asserted-identity;to=reception;did=493012310:alice;source=192.0.2.21",
                "--trunk=static=sip:4940@192.0.2.30;register=off",
                "--prefix-route=+=carrier;strip=1;prepend=00",
                "--fallback-route=static");

        assertThat(err.toString()).isEmpty();
        assertThat(status).isZero();
        assertThat(out.toString())
                .contains("trunk carrier: sip:4930123@sip.carrier.test, p-asserted-identity, its calls go to"
                        + " sip:reception@sip.test; gets + as 00")
                .contains("trunk static: sip:4940@192.0.2.30, not registered; gets everything else")
                .doesNotContain("s3cret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"carrier", "Carrier", "CARRIER"})
    void passwordMayBeAVariableOfTheEnvironment(String name) {
        TrunkOptions options = new TrunkOptions(Map.of("SIPPROXY_TRUNK_PASSWORD_CARRIER", "s3cret"));
        options.trunks.add(name + "=sip:4930123@192.0.2.20");
        List<String> problems = new ArrayList<>();

        options.read(List.of("sip.test"), List.of(), problems);

        assertThat(problems).isEmpty();
        assertThat(options.byName()).containsOnlyKeys(name);
        assertThat(options.peers()).hasToString("[sip:192.0.2.20]");
    }

    @Test
    void problemsOfTrunksAreReportedTogether(@TempDir Path folder) {
        int status = check(
                "--trunk=a=sip:4930123@carrier.test",
                "--trunk=b=sip:carrier.test",
                "--trunk=c=sip:1@carrier.test;password_file=" + folder.resolve("missing"),
                "--trunk=d=sip:1@carrier.test;register=perhaps",
                "--trunk=e=sip:1@carrier.test;register=off;identity=sender",
                "--trunk=f=sip:1@carrier.test;register=off;expires=1s",
                "--trunk=g=sip:1@carrier.test;register=off;password=s3cret",
                "--trunk=h=sip:1@carrier.test;register=off",
                "--trunk=h=sip:2@carrier.test;register=off",
                "--gateway=h=sip:192.0.2.1");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains("--trunk: \"a=sip:4930123@carrier.test\": there is no password; add password_file=FILE or set"
                        + " the variable SIPPROXY_TRUNK_PASSWORD_A")
                .contains("--trunk: \"b=sip:carrier.test\": expected NAME=sip:USER@HOST")
                .contains("missing is not a readable file")
                .contains("register=perhaps (expected on or off)")
                .contains("identity=sender (expected none, p-asserted-identity, p-preferred-identity or from)")
                .contains("--trunk: \"f=sip:1@carrier.test\": expires: 1s (expected 30s to 24h)")
                .contains("\"password\" is not an attribute (")
                .contains("--trunk: \"h=sip:2@carrier.test\": given twice")
                .contains("--gateway: h is also a trunk; rename one of them")
                .doesNotContain("s3cret");
    }

    // ---- calls

    @Test
    void limitsOfCallsAreSummedUp() {
        assertThat(check()).isZero();
        assertThat(out.toString()).contains("calls     logged and counted");

        assertThat(check(
                        "--calls",
                        "--calls-per-user=2",
                        "--calls-max=500",
                        "--calls-max-duration=2h",
                        "--calls-keepalive=5m",
                        "--calls-tracked=1000"))
                .isZero();
        assertThat(out.toString())
                .contains("calls     tracked, at most 2 per user, at most 500, ended after 2h, keepalive every 5m, 1000"
                        + " tracked");
    }

    @Test
    void problemsOfCallsAreReportedTogether() {
        assertThat(check(
                        "--calls",
                        "--calls-per-user=0",
                        "--calls-max=5000",
                        "--calls-max-duration=1s",
                        "--calls-keepalive=often",
                        "--calls-tracked=100"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains("--calls-per-user: 0 (expected 1 to 10,000)")
                .contains("--calls-max: 5000 is above --calls-tracked 100")
                .contains("--calls-max-duration: 1s (expected 10s to 30d)")
                .contains("--calls-keepalive: \"often\" is not a duration");

        assertThat(check("--calls-per-user=2")).isEqualTo(2);
        assertThat(err.toString()).contains("--calls-per-user: has no effect without --calls; add --calls");
    }

    // ---- tables

    @Test
    void problemsOfTablesAreReportedTogether() {
        assertThat(check("--tables=domain,none,location", "--address-group=one=trust", "--tables-reload=10ms"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "--tables: \"location\" (expected access, dbaliases, dispatcher, domain, uacreg, all or none)")
                .contains("--tables: all and none stand alone")
                .contains("--address-group: \"one=trust\" (expected N=trust, N=allow or N=deny, such as 1=trust)")
                .contains("--tables-reload: 10ms (expected 1s to 24h, or 0)");
    }
}
