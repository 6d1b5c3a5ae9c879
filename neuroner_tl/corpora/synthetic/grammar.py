"""The grammar of the synthetic corpora: which sentences there are.

A symbol in braces stands for one of its expansions, drawn uniformly; an expansion that is
listed twice is twice as likely. Symbols that are not keys of ``PRODUCTIONS`` are terminals: the
names, numbers and other things that `document_writer.py` makes up.

The grammar is built so that neither a name nor its context suffices. ``{thing}`` puts
diseases and other names into the same places; words of a disease's name also belong to names of
cell lines, proteins and tests; and the large tables of rarer phrases are what a model learns
from a large corpus and misses in a small one.
"""

from __future__ import annotations

# fmt: off
PRODUCTIONS: dict[str, tuple[str, ...]] = {
    "title": (
        "{thing} and {thing} in {group} {suffering} {disease}",
        "{finding} of {thing} in {disease}",
        "{disease} {linked} {finding} of {gene}",
        "{chemical} for {disease}: {studydesign}",
        "{finding} of {gene} and {thing} in {tissue}",
        "{studydesign} of {thing} in {cell} cells",
        "{method} of {thing} after {thing}",
    ),
    "sentence": (
        "{opening}{clause}{tail}",
        "{opening}{clause}{tail}",
        "{opening}{clause}, {joint} {clause}",
    ),
    "clause": (
        "{group} {suffering} {disease} {showed} {finding} of {thing}",
        "{group} {suffering} {qualifier} {disease} were {handled} {chemical}",
        "{part} {group} {had} {disease} and {n} {had} {thing}",
        "{n} {group} {handled} {chemical} {had} {process} of the {tissue}",
        "{finding} of {gene} was {linked} {thing} and {thing}",
        "{finding} of {thing} {showed} {thing} in {cell} cells",
        "{thing}, {thing} and {thing} were {observed} by {method}",
        "{thing} {showed} {finding} of {thing} {inplace}",
        "the {generic} was {linked} {thing} rather than {thing}",
        "the {role} of {thing} in {thing} {remains}",
        "we {studied} {thing} {inplace} and {thing} by {method}",
        "{method} {showed} {thing} in {percent} of the {material}",
        "{chemical} {lowered} {process} and {thing} in {cell} cells",
        "{gene}, {role2} {thing}, {lowered} {chemical} in the {tissue}",
        "{thing} of the {tissue} was {observed} in {n} {group} {suffering} {thing}",
        "{qualifier} {thing} was {observed} more often than {qualifier} {thing}",
        "{the_test} {separated} {disease} from {thing}",
        "{the_test} was {observed} in {percent} of the {material}",
        "{protein} {lowered} {thing} {inplace}",
        "{protein} was {linked} {thing}",
    ),
    "thing": (
        "{disease}", "{disease}", "{disease}", "{disease}", "{process}", "{process}", "{chemical}",
        "{chemical}", "{tissue}", "{gene}", "{protein}",
    ),
    "the_test": (
        "the {test}", "a positive {test}", "the revised {test}", "the {test}",
    ),
    "inplace": (
        "in the {tissue}", "in {cell} cells", "in {material}", "in {group}", "in {n} {material}",
        "in {material} of {group}", "within the {adjective} {tissue}",
    ),
    "opening": (
        "", "", "", "", "", "here, ", "in contrast, ", "however, ", "after {n} months, ",
        "in this {studydesign}, ", "in addition, ", "unlike {thing}, ", "despite {thing}, ",
        "in {n} {group}, ", "as with {thing}, ", "at {n} weeks, ", "using {method}, ",
        "besides {thing}, ", "given {thing}, ",
    ),
    "tail": (
        "", "", " ({p})", " ({percent} against {percent}; {p})", " within {n} days",
        " after adjustment for {thing}", " without {thing}", " regardless of {thing}",
        " ({n} mg of {chemical})", " in a {adjective} manner", " at a {adjective} site",
        ", as in {thing}", " during follow-up of {n} months", ", including {thing}",
    ),
    "joint": (
        "whereas", "while", "and", "but", "so that", "although", "because", "and thus",
    ),
    "suffering": (
        "with", "with", "with", "diagnosed with", "affected by", "suffering from", "treated for",
        "admitted for", "at risk of", "presenting with", "prone to", "referred for", "who had",
        "complaining of", "known for", "screened for", "free of", "recovering from", "dying of",
    ),
    "group": (
        "patients", "patients", "patients", "children", "carriers", "families", "men", "women",
        "adults", "infants", "siblings", "subjects", "cases", "mice", "rats", "donors", "twins",
        "probands", "neonates", "survivors", "outpatients", "volunteers",
    ),
    "had": (
        "had", "had", "developed", "showed", "reported", "lacked", "acquired", "kept",
    ),
    "handled": (
        "treated with", "given", "exposed to", "pretreated with", "injected with", "fed with",
        "maintained on", "randomised to", "switched to", "weaned from", "intolerant of",
    ),
    "showed": (
        "showed", "revealed", "had", "displayed", "disclosed", "suggested", "confirmed",
        "exhibited", "implied", "preceded", "mimicked", "indicated", "excluded", "aggravated",
    ),
    "finding": (
        "loss", "an excess", "expression", "a lack", "increased levels", "mutations", "absence",
        "early onset", "a high rate", "a history", "the severity", "the course", "markers",
        "the burden", "the incidence", "the turnover", "the synthesis", "the uptake", "depletion",
        "a deletion", "inhibition", "clearance", "the prevalence", "the density", "the pattern",
    ),
    "linked": (
        "linked to", "associated with", "related to", "caused by", "due to", "independent of",
        "followed by", "explained by", "correlated with", "attributed to", "secondary to",
        "complicated by", "opposed to", "mediated by", "coupled to", "ascribed to",
    ),
    "observed": (
        "observed", "found", "detected", "seen", "measured", "excluded", "diagnosed", "recorded",
        "examined", "scored", "visualised", "quantified", "graded", "noted", "monitored",
    ),
    "studied": (
        "studied", "report", "describe", "investigated", "compared", "analysed", "reviewed",
        "characterised", "assessed", "modelled", "present", "document", "re-examined",
    ),
    "lowered": (
        "lowered", "increased", "abolished", "induced", "prevented", "blocked", "ameliorated",
        "enhanced", "reversed", "cured", "promoted", "delayed", "restored", "alleviated",
    ),
    "separated": (
        "separated", "distinguished", "discriminated", "told", "differentiated",
    ),
    "role": (
        "role", "significance", "cause", "effect", "contribution", "relevance", "origin",
    ),
    "role2": (
        "a marker of", "a modifier of", "a regulator of", "the target of", "absent from",
    ),
    "remains": (
        "remains unclear", "is unknown", "is disputed", "was confirmed", "is complex",
    ),
    "generic": (
        "disease", "disorder", "syndrome", "deficiency", "phenotype", "mutation", "tumour",
        "pathway", "outcome", "response", "anomaly", "defect", "atrophy", "enzyme", "lesion",
    ),
    "qualifier": (
        "severe", "mild", "recurrent", "untreated", "suspected", "moderate", "typical", "overt",
        "persistent", "transient", "advanced", "proven", "probable", "manifest", "concurrent",
        "postoperative", "coexisting", "biopsy-proven", "long-standing", "non-fatal", "marked",
    ),
    "material": (
        "samples", "biopsies", "sections", "cultures", "extracts", "specimens", "sera", "lysates",
        "clones", "exons", "isolates", "grafts", "smears",
    ),
    "studydesign": (
        "cohort", "trial", "case report", "pilot study", "review", "registry", "survey",
        "follow-up study", "case-control study", "time course", "meta-analysis",
    ),
}
# fmt: on
"""Symbol -> its expansions."""

DISEASE_HEADS = (
    "syndrome", "syndrome", "disease", "disease", "disorder", "deficiency", "atrophy", "palsy",
    "dysplasia", "anomaly", "tumour", "ataxia", "dystrophy", "malformation", "fever",
)  # fmt: skip
"""Last words of names of several words; alone they are not names."""

DISEASE_MODIFIERS = (
    "familial", "congenital", "hereditary", "juvenile", "idiopathic", "chronic", "acute",
    "X-linked", "early-onset", "sporadic", "infantile", "progressive", "autosomal", "neonatal",
    "benign", "malignant", "late-onset", "type 1", "type 2", "drug-induced", "isolated", "atypical",
    "primary", "systemic", "focal", "dominant", "non-classical", "metastatic", "bilateral",
)  # fmt: skip
"""First words that belong to the name, unlike those of ``{qualifier}``."""

TEST_HEADS = (
    "test", "scale", "score", "index", "criteria", "stain", "classification", "manoeuvre", "sign",
    "questionnaire", "protocol", "registry", "method",
)  # fmt: skip
"""What follows a surname or an adjective in the name of a test."""

METHOD_HEADS = (
    "blotting", "microscopy", "imaging", "assay", "tomography", "sequencing", "staining",
    "spectrometry", "titration", "screening",
)  # fmt: skip
"""Last words of the names of methods."""

PROTEIN_HEADS = (
    "kinase", "receptor", "factor", "ligase", "phosphatase", "channel", "antigen", "inhibitor",
    "transporter", "synthase",
)  # fmt: skip
"""Last words of the names of proteins."""

PROCESS_HEADS = (
    "response", "transition", "flow", "signalling", "transport", "cycle", "growth", "deficit",
    "activity", "reflex", "tone", "repair",
)  # fmt: skip
"""Last words of the names of processes."""

ORGANS = (
    "gland", "nerve", "cortex", "duct", "artery", "membrane", "muscle", "joint", "node", "plexus",
    "tract", "vein", "nucleus", "canal",
)  # fmt: skip
"""Organs, used after an adjective."""
