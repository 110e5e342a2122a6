"""Articles as Markdown files in a Git repository: each change is a commit on a branch of its own, for people to merge.

Nothing of the repository is touched but objects, and the branch of the article: no working tree, no index, no other branch, nothing by force.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from stat import S_IFDIR, S_IFREG
from typing import TYPE_CHECKING, Any

from assistant.ports.articles import Change, Written
from assistant.ports.outside import Refused, Unavailable
from kb.drafts import BUILT_IN
from kb.markdown import BadFrontMatter, as_file, front_matter, title_and_text
from kb.model import Article
from kb.text import clean

if TYPE_CHECKING:
    from dulwich.objects import Commit
    from dulwich.repo import Repo

HEADS = b"refs/heads/"
TRAILER = "Firstline-Change:"
SUFFIXES = frozenset({".md", ".markdown"})
LOOK_BACK = 500
"""So many commits are searched for one that was made before a crash."""
FILE_MODE, FOLDER_MODE = S_IFREG | 0o644, S_IFDIR


@dataclass(frozen=True, slots=True)
class GitTarget:
    """The ``ArticleTarget`` port. ``folder`` is where new articles go; branches are called ``prefix`` and the article's id.

    A branch begins at ``base``, by default at what is checked out; ``remote`` is where it is pushed to, if anywhere.
    """

    repository: Path
    domain: str
    folder: str = ""
    prefix: str = "firstline/"
    base: str = ""
    remote: str = ""

    @property
    def name(self) -> str:
        """See the port."""
        return f"the Git repository {self.repository}"

    def reaches(self, article: Article) -> bool:
        """See the port: files that ingestion read from the repository's working tree as Markdown."""
        if article.source == BUILT_IN:
            return True
        root = self.repository.expanduser().resolve()
        return Path(article.source).is_relative_to(root) and PurePosixPath(article.path).suffix.lower() in SUFFIXES

    def unlike(self, article: Article, known: Collection[str]) -> str:
        """See the port."""
        with self._opened() as repo:
            tip = self._tip(repo, self._branch(article.id))
            raw = _file(repo, tip, self._path(article.source, article.path, article.id))
            if raw is None or (article.source == BUILT_IN):
                return ""
            return "" if any(_says(raw, article.title, text) for text in known) else self._changed(article.path)

    def write(self, change: Change) -> Written:
        """See the port."""
        with self._opened() as repo:
            branch = self._branch(change.document.article_id)
            done = self._done(repo, branch, change.key)
            commit = done or self._commit(repo, branch, change)
            path = self._placed(repo, commit, change)
            pushed = self._push(repo, branch) if self.remote else ""
            return Written(path, branch.removeprefix(HEADS).decode(), commit.id.decode(), pushed)

    # -- the repository ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _opened(self) -> Iterator[Repo]:
        from dulwich.errors import NotGitRepository, ObjectFormatException
        from dulwich.file import FileLocked
        from dulwich.repo import Repo

        try:
            with closing(Repo(str(self.repository.expanduser()))) as repo:
                yield repo
        except NotGitRepository:
            raise Unavailable(f"{self.repository} is no Git repository, or is not there") from None
        except FileLocked as locked:
            raise Unavailable(f"the Git repository is locked by another process ({_words(locked.lockfilename)})") from None
        except (KeyError, ObjectFormatException, AssertionError) as broken:
            raise Unavailable(f"the Git repository cannot be read ({type(broken).__name__}: {broken})") from None
        except OSError as error:
            raise Unavailable(f"the Git repository cannot be used: {error.strerror or error}") from None

    def _branch(self, article_id: str) -> bytes:
        return HEADS + f"{self.prefix}{article_id.replace('/', '-')}".encode()

    def _base(self, repo: Repo) -> bytes:
        try:
            return bytes(repo.refs[HEADS + self.base.encode()] if self.base else repo.head())
        except KeyError:
            wanted = f"the branch {self.base}" if self.base else "a first commit"
            raise Unavailable(f"the Git repository {self.repository} has not {wanted}") from None

    def _tip(self, repo: Repo, branch: bytes) -> bytes:
        """Return the commit to go on from: the branch's own, or the base's where there is none or it was merged."""
        from dulwich.graph import can_fast_forward

        base, head = self._base(repo), _head(repo, branch)
        return base if head is None or can_fast_forward(repo, head, base) else head

    def _done(self, repo: Repo, branch: bytes, key: str) -> Commit | None:
        """Return the commit of a change that was written before."""
        head, line = _head(repo, branch), f"{TRAILER} {key}".encode()
        for entry in repo.get_walker(include=[*([head] if head else []), self._base(repo)], max_entries=LOOK_BACK):
            if line in entry.commit.message.splitlines():
                return entry.commit
        return None

    def _path(self, source: str, path: str, article_id: str) -> str:
        if source == BUILT_IN:
            return str(PurePosixPath(self.folder) / f"{article_id}.md")
        inside = Path(source).relative_to(self.repository.expanduser().resolve())
        return str(PurePosixPath(inside.as_posix()) / path)

    def _placed(self, repo: Repo, commit: Commit, change: Change) -> str:
        """Return the file of a document in a commit: a new article's stands beside a file of another that has its name."""
        document = change.document
        wanted = self._path(document.source, document.path, document.article_id)
        if document.source != BUILT_IN:
            return wanted
        plain = PurePosixPath(wanted)
        names = (wanted, *(str(plain.with_name(f"{plain.stem}-{number}.md")) for number in range(2, 100)))
        return next(name for name in names if _declares(_file(repo, commit.id, name), document.article_id))

    # -- writing ----------------------------------------------------------------------------------------------------------

    def _commit(self, repo: Repo, branch: bytes, change: Change) -> Commit:
        if repo.refs.get_symrefs().get(b"HEAD") == branch and not repo.bare:
            raise Unavailable(
                f"the branch {_words(branch.removeprefix(HEADS))} is checked out; check out another one, so that its files stay as they are"
            )
        known = _head(repo, branch)
        parent = self._tip(repo, branch)
        tip: Any = repo[parent]
        path = self._placed(repo, tip, change)
        raw = _file(repo, parent, path)
        declared = self._declared(raw, change, path)
        content = as_file(change.document, declared).encode()
        if content == raw:
            return tip
        made = self._stored(repo, tip, path, content, change)
        self._move(repo, branch, made.id, known)
        return made

    def _declared(self, raw: bytes | None, change: Change, path: str) -> Mapping[object, object]:
        """Return the front matter of the file as it is now.

        Raises:
            Refused: the file says something that nobody has read here.
        """
        if raw is None:
            return {}
        try:
            declared, _ = front_matter(raw.decode("utf-8-sig"))
        except (BadFrontMatter, UnicodeDecodeError) as problem:
            raise Refused(f"the file {path} {problem}; correct it in the repository") from None
        known = (change.document.text, *change.known)
        if change.document.source != BUILT_IN and not any(_says(raw, change.document.title, text) for text in known):
            raise Refused(self._changed(path))
        return declared

    @staticmethod
    def _changed(path: str) -> str:
        return (
            f"The file {path} was changed in the repository and says something else than the article. "
            "Merge and synchronise that first, then take it over into the draft."
        )

    def _stored(self, repo: Repo, tip: Any, path: str, content: bytes, change: Change) -> Commit:
        from dulwich.objects import Blob, Commit

        blob = Blob.from_string(content)
        repo.object_store.add_object(blob)
        made = Commit()
        made.tree = _with_file(repo, tip.tree, path.encode().split(b"/"), blob.id)
        made.parents = [tip.id]
        made.author = _signature(change.author, change.author_email)
        made.committer = _signature("Firstline", f"firstline@{self.domain}")
        made.author_time = made.commit_time = int(change.at.timestamp())
        made.author_timezone = made.commit_timezone = 0
        made.encoding = b"UTF-8"
        reviewed = f"Reviewed-by: {_one_line(change.reviewer)}\n" if change.reviewer else ""
        made.message = f"{_one_line(change.summary)}\n\n{reviewed}{TRAILER} {change.key}\n".encode()
        repo.object_store.add_object(made)
        return made

    @staticmethod
    def _move(repo: Repo, branch: bytes, commit: bytes, known: bytes | None) -> None:
        """Point the branch to the commit, unless somebody moved it meanwhile."""
        say = b"firstline: article"
        refs = repo.refs
        moved = refs.add_if_new(branch, commit, message=say) if known is None else refs.set_if_equals(branch, known, commit, message=say)
        if not moved:
            raise Unavailable("somebody else wrote to the branch of this article at the same moment")

    def _push(self, repo: Repo, branch: bytes) -> str:
        from dulwich import porcelain
        from dulwich.errors import GitProtocolError, HangupException, NotGitRepository

        if _is_mirror(repo, self.remote):
            raise Refused(f"the remote {self.remote} is a mirror: pushing there would overwrite its branches")
        where = _words(branch.removeprefix(HEADS))
        try:
            porcelain.push(repo, self.remote, [branch + b":" + branch], outstream=BytesIO(), errstream=BytesIO())
        except porcelain.DivergedBranches:
            raise Refused(
                f"the branch {where} at {self.remote} has commits that this repository has not. Nothing was overwritten: the change is on the "
                "branch here. Fetch, merge, and push it."
            ) from None
        except (porcelain.Error, GitProtocolError, HangupException, NotGitRepository, OSError, KeyError, ValueError) as error:
            raise Unavailable(
                f"the change is on the branch {where}, and could not be pushed to {self.remote} ({type(error).__name__}: {error})"
            ) from None
        return self.remote


def _head(repo: Repo, branch: bytes) -> bytes | None:
    try:
        return bytes(repo.refs[branch])
    except KeyError:
        return None


def _words(raw: Any) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())[:300] or "Article"


def _signature(name: str, email: str) -> bytes:
    plain = "".join(letter for letter in _one_line(name) if letter not in "<>\n")
    return f"{plain} <{''.join(letter for letter in email if letter not in '<> ')}>".encode()


def _file(repo: Repo, commit: bytes, path: str) -> bytes | None:
    """Return the bytes of a file in a commit, None where there is none."""
    from dulwich.object_store import tree_lookup_path
    from dulwich.objects import Blob

    head: Any = repo[commit]
    try:
        _, found = tree_lookup_path(repo.object_store.__getitem__, head.tree, path.encode())
    except (KeyError, NotADirectoryError):
        return None
    blob = repo.object_store[found]
    return blob.data if isinstance(blob, Blob) else None


def _declares(raw: bytes | None, article_id: str) -> bool:
    """Say whether a new article may be written over a file: there is none, or it is its own."""
    if raw is None:
        return True
    try:
        declared, _ = front_matter(raw.decode("utf-8-sig"))
    except (BadFrontMatter, UnicodeDecodeError):
        return False
    return str(declared.get("id", "")) == article_id


def _says(raw: bytes, title: str, text: str) -> bool:
    """Say whether a file holds this text."""
    try:
        declared, body = front_matter(raw.decode("utf-8-sig"))
    except (BadFrontMatter, UnicodeDecodeError):
        return False
    return any(title_and_text(declared, body, name, "")[1] == clean(text) for name in (str(declared.get("title") or ""), title))


def _with_file(repo: Repo, tree_id: Any, parts: list[bytes], blob: bytes) -> Any:
    """Return the id of a tree that differs from another in one file alone."""
    from dulwich.objects import Tree

    found = repo.object_store[tree_id] if tree_id is not None else Tree()
    assert isinstance(found, Tree)
    tree = found.copy()
    name, *below = parts
    if below:
        inner = tree[name][1] if name in tree and tree[name][0] == FOLDER_MODE else None
        tree.add(name, FOLDER_MODE, _with_file(repo, inner, below, blob))
    else:
        tree.add(name, FILE_MODE, blob)
    repo.object_store.add_object(tree)
    return tree.id


def _is_mirror(repo: Repo, remote: str) -> bool:
    try:
        return bool(repo.get_config_stack().get_boolean((b"remote", remote.encode()), b"mirror", False))
    except KeyError:
        return False
