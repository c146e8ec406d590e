package dev.ashlar;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

/** Who may know whom. */
@AnalyzeClasses(packages = "dev.ashlar", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule onlyMetadataBlobFsAndItsBenchmarksKnowRocksDb =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.ashlar.internal.metadata..",
              "dev.ashlar.internal.rocksdb..",
              "dev.ashlar.cli.bench..")
          .and()
          .doNotHaveSimpleName("BlobFs")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.rocksdb..");

  @ArchTest
  static final ArchRule metadataKnowsNeitherEngineNorNativeCode =
      noClasses()
          .that()
          .resideInAPackage("dev.ashlar.internal.metadata..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.ashlar.internal.engine..")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("dev.ashlar.internal.Native");

  @ArchTest
  static final ArchRule theLibraryDoesNotKnowItsCommandLine =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.ashlar.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.ashlar.cli..", "picocli..");

  @ArchTest
  static final ArchRule theCommandLineUsesThePublicApiOnly =
      noClasses()
          .that()
          .resideInAPackage("dev.ashlar.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.ashlar.internal..");

  @ArchTest
  static final ArchRule internalPackagesHaveNoCycles =
      slices().matching("dev.ashlar.internal.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule publicSignaturesShowNoInternalType =
      methods()
          .that()
          .arePublic()
          .and()
          .areDeclaredInClassesThat()
          .resideInAPackage("dev.ashlar")
          .and()
          .areDeclaredInClassesThat()
          .arePublic()
          .should(showNoTypeOf("dev.ashlar.internal"));

  @ArchTest
  static final ArchRule exceptionsAreUnchecked =
      classes()
          .that()
          .areAssignableTo(Throwable.class)
          .should()
          .beAssignableTo(RuntimeException.class);

  private static ArchCondition<JavaMethod> showNoTypeOf(final String packageName) {
    final DescribedPredicate<JavaClass> hidden =
        JavaClass.Predicates.resideInAPackage(packageName + "..");
    return new ArchCondition<>("show no type of " + packageName) {
      @Override
      public void check(final JavaMethod method, final ConditionEvents events) {
        method.getAllInvolvedRawTypes().stream()
            .filter(hidden)
            .forEach(
                type ->
                    events.add(
                        SimpleConditionEvent.violated(
                            method, method.getFullName() + " shows " + type.getName())));
      }
    };
  }
}
